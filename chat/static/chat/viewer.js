// The pictures of a message, large, over the page: the arrow keys go to the others, Escape closes.

const NEXT = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 };

export class Viewer {
  #dialog;
  #link = null;

  constructor(dialog) {
    this.#dialog = dialog;
    dialog.addEventListener("keydown", (event) => {
      if (!(event.key in NEXT) || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      this.#step(NEXT[event.key]);
    });
    dialog.addEventListener("click", ({ target }) => {
      const step = target.closest("[data-step]");
      if (step) this.#step(Number(step.dataset.step));
      else if (target === dialog || target.closest("[data-do=close]") || target.matches(".viewer__stage")) dialog.close();
    });
    dialog.addEventListener("close", () => this.#leave());
    dialog.querySelector("img").addEventListener("load", ({ target }) => { target.style.backgroundImage = ""; });
  }

  /** Show the picture behind a link. */
  open(link) {
    this.#show(link);
    if (!this.#dialog.open) this.#dialog.showModal();
  }

  #part(name) {
    return this.#dialog.querySelector(`.viewer__${name}`);
  }

  // Read anew each time: pictures come and go while one looks.
  #all() {
    const place = this.#link.closest("#items, .shots") ?? this.#link.closest(".message");
    return place ? [...place.querySelectorAll("a.picture")] : [];
  }

  #step(by) {
    const all = this.#all();
    const at = all.indexOf(this.#link);
    if (!this.#link.isConnected) this.#dialog.close();
    else if (all[at + by]) this.#show(all[at + by]);
  }

  #show(link) {
    this.#link = link;
    const small = link.querySelector("img");
    const image = this.#dialog.querySelector("img");
    const { width, height, size } = link.dataset;
    image.removeAttribute("src"); // or the one before stays until this one is there
    image.width = width ?? small.naturalWidth;
    image.height = height ?? small.naturalHeight;
    image.alt = small.alt;
    image.style.backgroundImage = `url("${encodeURI(decodeURI(small.src))}")`;
    image.src = link.href;
    this.#part("name").textContent = small.alt;
    this.#part("size").textContent = [width && `${width} × ${height}`, size].filter(Boolean).join(" · ");
    this.#part("save").href = link.href;
    this.#part("save").download = small.alt;
    const all = this.#all();
    const at = all.indexOf(link);
    this.#part("place").textContent = all.length > 1 ? `${at + 1} of ${all.length}` : "";
    for (const button of this.#dialog.querySelectorAll("[data-step]")) {
      button.hidden = all.length < 2;
      button.ariaDisabled = String(!all[at + Number(button.dataset.step)]);
    }
  }

  #leave() {
    const image = this.#dialog.querySelector("img");
    image.removeAttribute("src");
    image.style.backgroundImage = "";
    if (this.#link.isConnected) {
      this.#link.focus({ preventScroll: true });
      this.#link.scrollIntoView({ block: "nearest" });
    }
    this.#link = null;
  }
}
