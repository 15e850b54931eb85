// <local-draft key="minutes/…"> around a textarea keeps on this device what is being written. A text found again is
// offered, never put in place of what the server sent. After the form was sent it is kept until the same page comes
// back with that text saved.

const pause = 400;
const day = 86_400_000;
const prefix = "belfry:draft:";

class LocalDraft extends HTMLElement {
  #area;
  #timer;

  connectedCallback() {
    this.#area = this.querySelector("textarea");
    if (!this.#area) return;
    this.#offer();
    this.#area.addEventListener("input", () => {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#hurry(), pause);
    });
    // A closed tab does not wait for the pause.
    addEventListener("pagehide", () => this.#hurry());
    document.addEventListener("visibilitychange", () => document.hidden && this.#hurry());
    this.#area.form?.addEventListener("submit", () => {
      this.#timer = clearTimeout(this.#timer);
      this.#keep(true);
    });
  }

  #hurry() {
    if (this.#timer === undefined) return;
    this.#timer = clearTimeout(this.#timer);
    this.#keep(false);
  }

  get #name() {
    return prefix + this.getAttribute("key");
  }

  // Storage may be full or forbidden: then nothing is kept, and nothing breaks.
  #keep(sent) {
    try {
      localStorage.setItem(this.#name, JSON.stringify({ text: this.#area.value, sent, at: Date.now() }));
    } catch {}
  }

  #forget() {
    try {
      localStorage.removeItem(this.#name);
    } catch {}
  }

  #offer() {
    let draft;
    try {
      draft = JSON.parse(localStorage.getItem(this.#name));
    } catch {}
    if (typeof draft?.text !== "string") return;
    const same = draft.text.replaceAll("\r\n", "\n").trim() === this.#area.value.replaceAll("\r\n", "\n").trim();
    if (same || !draft.text.trim()) return this.#forget();
    // Sent and the field is empty again, or a day has passed: it arrived.
    if (draft.sent && (!this.#area.value.trim() || Date.now() - draft.at > day)) return this.#forget();
    const notice = this.querySelector("[data-draft]");
    if (!notice) return;
    notice.hidden = false;
    notice.querySelector("[data-use]")?.addEventListener("click", () => {
      this.#area.value = draft.text;
      this.#area.dispatchEvent(new Event("input", { bubbles: true }));
      notice.hidden = true;
      this.#area.focus();
    });
    notice.querySelector("[data-discard]")?.addEventListener("click", () => {
      this.#forget();
      notice.hidden = true;
      this.#area.focus();
    });
  }
}

customElements.define("local-draft", LocalDraft);
