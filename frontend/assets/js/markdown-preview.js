// <markdown-preview for="textarea-id" action="/…"> shows what the server makes of a text while it is written. The
// server renders and sanitises; this only puts the answer in its place.

const pause = 400;

class MarkdownPreview extends HTMLElement {
  #source;
  #place;
  #timer;
  #request;

  connectedCallback() {
    this.#source = document.getElementById(this.getAttribute("for"));
    this.#place = this.querySelector("[data-preview]");
    if (!this.#source || !this.#place) return;
    this.#show();
    this.#source.addEventListener("input", this.#later);
    if (this.#source.value.trim()) this.#render();
  }

  disconnectedCallback() {
    clearTimeout(this.#timer);
    this.#request?.abort();
    this.#source?.removeEventListener("input", this.#later);
  }

  // Before anything is written there is nothing to look at.
  #show() {
    this.hidden = this.#source.value.trim() === "";
  }

  #later = () => {
    this.#show();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#render(), pause);
  };

  async #render() {
    this.#request?.abort();
    this.#request = new AbortController();
    const body = new URLSearchParams({ source: this.#source.value });
    const token = this.#source.form?.querySelector('input[name="csrf"]');
    if (token) body.set("csrf", token.value);
    const meeting = this.getAttribute("meeting");
    if (meeting) body.set("meeting", meeting);
    this.#place.setAttribute("aria-busy", "true");
    try {
      const options = { method: "POST", body, signal: this.#request.signal, credentials: "same-origin" };
      const response = await fetch(this.getAttribute("action"), options);
      if (!response.ok) throw new Error(String(response.status));
      this.#place.innerHTML = await response.text();
    } catch (error) {
      if (error.name === "AbortError") return;
      this.#place.textContent = this.dataset.failed;
    }
    this.#place.removeAttribute("aria-busy");
  }
}

customElements.define("markdown-preview", MarkdownPreview);
