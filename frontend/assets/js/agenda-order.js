// <agenda-order action="/…"> lets the items of its list be dragged. The buttons beside each item do the same without it.
// The new order is sent whole; when it is refused, because somebody else arranged meanwhile, the page is loaded again.

class AgendaOrder extends HTMLElement {
  #dragged;

  connectedCallback() {
    this.#items().forEach((item) => {
      item.draggable = true;
      item.classList.add("is-draggable");
    });
    this.addEventListener("dragstart", this.#start);
    this.addEventListener("dragover", this.#over);
    this.addEventListener("dragend", this.#end);
    this.addEventListener("drop", (event) => event.preventDefault());
  }

  #items() {
    return [...this.querySelectorAll("[data-item]")];
  }

  #start = (event) => {
    this.#dragged = event.target.closest("[data-item]");
    event.dataTransfer.effectAllowed = "move";
    this.#dragged?.classList.add("is-dragged");
  };

  #over = (event) => {
    const over = event.target.closest("[data-item]");
    if (!this.#dragged || !over || over === this.#dragged) return;
    event.preventDefault();
    const box = over.getBoundingClientRect();
    over[event.clientY > box.top + box.height / 2 ? "after" : "before"](this.#dragged);
  };

  #end = async () => {
    if (!this.#dragged) return;
    this.#dragged.classList.remove("is-dragged");
    this.#dragged = undefined;
    const body = new URLSearchParams(this.#items().map((item) => ["item", item.dataset.item]));
    const token = this.querySelector('input[name="csrf"]');
    if (token) body.set("csrf", token.value);
    try {
      const answer = await fetch(this.getAttribute("action"), { method: "POST", body, credentials: "same-origin" });
      if (answer.status >= 500) throw answer;
      location.reload();
    } catch {
      this.insertAdjacentText("afterbegin", this.dataset.failed);
    }
  };
}

customElements.define("agenda-order", AgendaOrder);
