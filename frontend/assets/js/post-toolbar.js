// <post-toolbar for="textarea-id"> puts Markdown signs around what is selected. It also quotes: a link with data-quote
// takes the words selected in its post into the reply without leaving the page.

const signs = [
  ["bold", "bold", (text) => `**${text}**`],
  ["italic", "italic", (text) => `_${text}_`],
  ["code", "code", (text) => (text.includes("\n") ? "```\n" + text + "\n```" : "`" + text + "`")],
  ["quote", "quote", (text) => text.replace(/^/gm, "> ")],
  ["list", "list", (text) => text.replace(/^/gm, "- ")],
  ["link", "link", (text) => (/^https?:/.test(text) ? `[](${text})` : `[${text}](https://)`)],
];

class PostToolbar extends HTMLElement {
  #area;

  connectedCallback() {
    this.#area = document.getElementById(this.getAttribute("for"));
    if (!this.#area || this.childElementCount > 0) return;
    for (const [name, icon, wrap] of signs) this.append(this.#button(this.dataset[name], icon, wrap));
    this.hidden = false;
    document.addEventListener("click", this.#quote);
  }

  disconnectedCallback() {
    document.removeEventListener("click", this.#quote);
  }

  #button(label, icon, wrap) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "btn btn--quiet btn--icon btn--sm";
    button.innerHTML = `<svg class="i i--sm" viewBox="0 0 20 20" aria-hidden="true"><use href="${this.dataset.icons}#i-${icon}"></use></svg><span class="vh"></span>`;
    button.lastChild.textContent = label;
    button.title = label;
    button.addEventListener("click", () => this.#put(wrap(this.#selected())));
    return button;
  }

  #selected() {
    return this.#area.value.slice(this.#area.selectionStart, this.#area.selectionEnd);
  }

  #put(text) {
    this.#area.focus();
    this.#area.setRangeText(text, this.#area.selectionStart, this.#area.selectionEnd, "end");
    this.#area.dispatchEvent(new Event("input", { bubbles: true }));
  }

  #quote = (event) => {
    const link = event.target.closest?.("a[data-quote]");
    const article = link?.closest("article");
    const selection = String(getSelection()).trim();
    if (!article || !selection || !article.contains(getSelection().anchorNode)) return;
    event.preventDefault();
    const who = article.querySelector(".person__name").textContent.trim();
    const number = location.pathname.split("/")[2];
    this.#area.selectionStart = this.#area.selectionEnd = this.#area.value.length;
    const start = this.#area.value.trim() === "" ? "" : "\n\n";
    this.#put(`${start}> ${who}, #${number}/${link.dataset.quote}\n>\n${selection.replace(/^/gm, "> ")}\n\n`);
    this.#area.scrollIntoView({ block: "center" });
  };
}

customElements.define("post-toolbar", PostToolbar);
