// <mention-list for="id" src data-found data-chosen> around a field for text: after @ and a letter it lists the people and
// towns whose name begins so. Arrows choose, Enter or Tab take, Escape closes; a tap takes too. The field stays a plain
// text box with a list beside it, because it is not only for names.

import { say } from "./toast.js";

const pause = 120;
const begun = /(^|[\s(\[{>«„“"'’/])@([\p{L}\p{N}][\p{L}\p{N}-]{0,39})$/u;
const copied = ["boxSizing", "width", "padding", "border", "font", "letterSpacing", "lineHeight", "tabSize", "textTransform", "direction"];
let serial = 0;

class MentionList extends HTMLElement {
  #area;
  #list;
  #found = [];
  #active = 0;
  #timer;
  #request;

  connectedCallback() {
    if (this.#area) return;
    this.#area = document.getElementById(this.getAttribute("for"));
    if (!this.#area) return;
    this.#list = document.createElement("ul");
    this.#list.id = `mention-list-${++serial}`;
    this.#list.className = "suggest";
    this.#list.setAttribute("role", "listbox");
    this.#list.setAttribute("aria-label", this.dataset.found);
    this.#list.hidden = true;
    this.append(this.#list);
    this.#area.setAttribute("aria-autocomplete", "list");
    this.#area.setAttribute("aria-controls", this.#list.id);
    this.#area.addEventListener("input", () => this.#later());
    this.#area.addEventListener("click", () => this.#close());
    this.#area.addEventListener("blur", () => this.#close());
    this.#area.addEventListener("keydown", (event) => this.#key(event), true);
    this.#list.addEventListener("mousedown", (event) => event.preventDefault()); // the field keeps the focus
    this.#list.addEventListener("click", (event) => {
      const option = event.target.closest("[role=option]");
      if (option) this.#take([...this.#list.children].indexOf(option));
    });
  }

  // #word is what stands between the last @ and the caret.
  #word() {
    if (this.#area.selectionStart !== this.#area.selectionEnd) return null;
    const before = this.#area.value.slice(Math.max(0, this.#area.selectionStart - 60), this.#area.selectionStart);
    return before.match(begun)?.[2] ?? null;
  }

  #later() {
    clearTimeout(this.#timer);
    if (this.#word() === null) return this.#close();
    this.#timer = setTimeout(() => this.#ask(), pause);
  }

  async #ask() {
    const word = this.#word();
    this.#request?.abort();
    if (word === null) return this.#close();
    this.#request = new AbortController();
    try {
      const url = new URL(this.getAttribute("src"), location.href);
      url.searchParams.set("q", word);
      const response = await fetch(url, { signal: this.#request.signal, headers: { Accept: "application/json" } });
      const found = response.ok ? await response.json() : [];
      if (this.#word() !== word || document.activeElement !== this.#area) return;
      this.#show(found);
    } catch {
      this.#close(); // one can always type the name
    }
  }

  #show(found) {
    if (found.length === 0) return this.#close();
    this.#found = found;
    this.#list.replaceChildren(...found.map((one, i) => this.#option(one, i)));
    this.#list.hidden = false;
    this.#place();
    this.#mark(0);
    say(`${this.dataset.found} ${found.length}`);
  }

  #option(one, i) {
    const option = document.createElement("li");
    option.id = `${this.#list.id}-${i}`;
    option.setAttribute("role", "option");
    const name = document.createElement("strong");
    name.textContent = one.name;
    const about = document.createElement("span");
    about.textContent = [`@${one.code}`, one.area].filter(Boolean).join(" · ");
    option.append(name, " ", about);
    return option;
  }

  // #place puts the list under the line that is being written.
  #place() {
    const mirror = document.createElement("div");
    const style = getComputedStyle(this.#area);
    for (const name of copied) mirror.style[name] = style[name];
    Object.assign(mirror.style, { position: "absolute", visibility: "hidden", whiteSpace: "pre-wrap", overflowWrap: "break-word", insetInlineStart: "0", top: "0" });
    mirror.textContent = this.#area.value.slice(0, this.#area.selectionStart);
    const caret = document.createElement("span");
    caret.textContent = "\u200b";
    mirror.append(caret);
    this.append(mirror);
    const top = this.#area.offsetTop + caret.offsetTop + caret.offsetHeight - this.#area.scrollTop;
    mirror.remove();
    this.#list.style.insetBlockStart = `${Math.min(top + 4, this.#area.offsetTop + this.#area.offsetHeight)}px`;
  }

  #key(event) {
    if (this.#list.hidden || event.isComposing) return;
    const last = this.#found.length - 1;
    const moves = { ArrowDown: this.#active >= last ? 0 : this.#active + 1, ArrowUp: this.#active <= 0 ? last : this.#active - 1 };
    if (event.key in moves) this.#mark(moves[event.key]);
    else if (event.key === "Enter" || event.key === "Tab") this.#take(this.#active);
    else if (event.key === "Escape") this.#close();
    else return;
    event.preventDefault();
    event.stopImmediatePropagation(); // Enter does not send, Escape does not close what is around
  }

  #mark(index) {
    this.#active = index;
    [...this.#list.children].forEach((option, i) => option.setAttribute("aria-selected", String(i === index)));
    this.#area.setAttribute("aria-activedescendant", `${this.#list.id}-${index}`);
    this.#list.children[index]?.scrollIntoView({ block: "nearest" });
  }

  #take(index) {
    const one = this.#found[index];
    const word = this.#word();
    if (!one || word === null) return this.#close();
    const end = this.#area.selectionStart;
    this.#area.focus();
    this.#area.setRangeText(`${one.code} `, end - word.length, end, "end");
    this.#close();
    say(`${this.dataset.chosen} ${one.name}`);
    this.#area.dispatchEvent(new Event("input", { bubbles: true })); // drafts and previews follow
  }

  #close() {
    clearTimeout(this.#timer);
    this.#request?.abort();
    this.#list.hidden = true;
    this.#area.removeAttribute("aria-activedescendant");
  }
}

customElements.define("mention-list", MentionList);
