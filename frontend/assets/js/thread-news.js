// <thread-news src="…" last="57" href="…"> says that posts came while a thread is read: at the foot of the window, on top of
// the page, which it never moves.

const every = 20_000;
const settle = 4000; // the page is useful before a connection is made

class ThreadNews extends HTMLElement {
  #timer;
  #live;

  connectedCallback() {
    this.#timer = setInterval(() => this.#live?.state !== "open" && this.#look(), every);
    if (this.hasAttribute("subject")) setTimeout(() => this.isConnected && this.#watch(this.getAttribute("subject")), settle);
    document.addEventListener("visibilitychange", this.#look); // whoever comes back to the page need not wait
  }

  disconnectedCallback() {
    clearInterval(this.#timer);
    document.removeEventListener("visibilitychange", this.#look);
  }

  // #watch is told at once; without a line the page asks now and then.
  async #watch(subject) {
    const { connection } = await import("./live.js");
    this.#live = connection();
    this.#live.watch(subject);
    this.#live.addEventListener("touched", (event) => event.detail.subject === subject && this.#look());
    this.#live.addEventListener("state", () => this.#live.state === "open" && this.#look());
  }

  #look = async () => {
    if (document.visibilityState !== "visible") return;
    try {
      const response = await fetch(this.getAttribute("src"), { credentials: "same-origin" });
      if (!response.ok) return;
      const { last } = await response.json();
      const more = last - Number(this.getAttribute("last"));
      if (more <= 0 || this.dataset.shown === String(more)) return;
      this.dataset.shown = String(more);
      const link = document.createElement("a");
      link.className = "link-block";
      link.href = this.getAttribute("href");
      link.textContent = `${this.dataset.more} (${more})`;
      this.replaceChildren(link);
      this.hidden = false;
    } catch {
      // the next look may find the way
    }
  };
}

customElements.define("thread-news", ThreadNews);
