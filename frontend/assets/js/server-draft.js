// <server-draft place="reply/…"> keeps what is being written on the server, so that it is there on every device. It is
// saved two seconds after the last key, and when the page is left. Posting the form does away with it.

const pause = 2000;

class ServerDraft extends HTMLElement {
  #form;
  #state;
  #timer;
  #saved;
  #posting = false;

  connectedCallback() {
    this.#form = this.closest("form");
    this.#state = this.querySelector("[data-draft-state]");
    if (!this.#form || !this.getAttribute("place")) return;
    this.#saved = this.#text();
    this.#form.addEventListener("input", this.#later);
    this.#form.addEventListener("submit", this.#post);
    document.addEventListener("visibilitychange", this.#leave);
    document.addEventListener("click", this.#follow);
    if (this.#form.source.value.trim() !== "" && this.#form.source.defaultValue !== this.#form.source.value) this.#later();
  }

  disconnectedCallback() {
    clearTimeout(this.#timer);
    document.removeEventListener("visibilitychange", this.#leave);
    document.removeEventListener("click", this.#follow);
  }

  #body() {
    const data = new URLSearchParams();
    for (const [name, value] of new FormData(this.#form)) if (typeof value === "string") data.set(name, value);
    data.set("place", this.getAttribute("place"));
    return data;
  }

  #text() {
    const data = this.#body();
    data.delete("csrf");
    return data.toString();
  }

  #later = () => {
    this.#posting = false; // whoever writes on has come back
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#save(false), pause);
  };

  #leave = () => {
    if (document.visibilityState === "hidden") this.#save(true);
  };

  // The news of this thread lead back to it: the draft must be there before the page is.
  #follow = async (event) => {
    const link = event.target.closest?.("thread-news a");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || this.#text() === this.#saved) return;
    event.preventDefault();
    clearTimeout(this.#timer);
    await this.#save(true);
    location.assign(link.href);
  };

  #post = () => {
    this.#posting = true;
    clearTimeout(this.#timer);
  };

  async #save(keepalive) {
    const text = this.#text();
    if (this.#posting || text === this.#saved) return;
    try {
      const options = { method: "POST", body: this.#body(), credentials: "same-origin", keepalive };
      const response = await fetch("/drafts", options);
      if (!response.ok) throw new Error(String(response.status));
      this.#saved = text;
      if (this.#state) this.#state.textContent = " · " + this.dataset.saved;
    } catch {
      if (this.#state) this.#state.textContent = " · " + this.dataset.failed;
    }
  }
}

customElements.define("server-draft", ServerDraft);
