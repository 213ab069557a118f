// What the reader may do with a message, so that nothing is offered that the server would refuse. It decides:
// rooms/policies.py.

export class Policies {
  #me;
  #capabilities;
  #asMember;
  #isMember;

  constructor({ me, capabilities, asMember, isMember }) {
    this.#me = me;
    this.#capabilities = capabilities;
    this.#asMember = asMember;
    this.#isMember = isMember;
  }

  /** I am a member now. */
  joined() {
    this.#isMember = true;
    this.#capabilities = this.#asMember;
  }

  may(right) {
    return this.#capabilities.includes(right);
  }

  isMine(item) {
    return this.#me !== null && item.dataset.author === this.#me.username;
  }

  /** Whether an action of the menu is to be offered for this message. */
  allows(action, item) {
    const isPinned = item.classList.contains("is-pinned");
    switch (action) {
      case "react": return this.may("react");
      case "reactions": return item.querySelector(".reaction") !== null;
      case "reply": return this.may("post");
      case "edit": return this.isMine(item) && this.may("edit_own");
      case "pin": return !isPinned && this.may("pin");
      case "unpin": return isPinned && this.may("pin");
      case "unread": return this.#isMember && item.id !== "";
      case "delete": return this.may(this.isMine(item) ? "delete_own" : "delete_any");
      default: return true;
    }
  }
}
