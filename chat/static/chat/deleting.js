// The button on a message that deletes it: asks once, then says so over the socket. Without a script it is a form.

export class Deleting {
  #socket;
  #me;
  #mayDelete;

  constructor({ items, socket, me, mayDelete }) {
    this.#socket = socket;
    this.#me = me;
    this.#mayDelete = mayDelete;
    items.addEventListener("click", (event) => {
      const button = event.target.closest(".message__delete");
      if (!button) return;
      event.preventDefault();
      if (button.value && confirm("Delete this message for everyone?")) this.#delete(Number(button.value));
    });
  }

  /** Take the button off a new message that I may not delete. */
  dress(item) {
    if (this.#mayDelete.includes("delete_any") || item.dataset.author === this.#me?.username) return;
    item.querySelector(".message__delete")?.remove();
  }

  #delete(seq) {
    this.#socket.send({ type: "delete", seq });
  }
}
