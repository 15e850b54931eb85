// <copy-button for="id" data-done> holds a hidden button; it appears where copying is possible and copies the value or
// text of the element named.

import { say } from "./toast.js";

class CopyButton extends HTMLElement {
  connectedCallback() {
    const button = this.querySelector("button");
    if (!button || !navigator.clipboard) return;
    button.hidden = false;
    button.addEventListener("click", async () => {
      const from = document.getElementById(this.getAttribute("for"));
      const text = from?.value ?? from?.textContent.trim() ?? "";
      try {
        await navigator.clipboard.writeText(text);
      } catch {
        from?.select?.(); // the person copies it by hand
        return;
      }
      const label = button.querySelector("span") ?? button;
      const before = label.textContent;
      label.textContent = this.dataset.done;
      say(this.dataset.done);
      setTimeout(() => (label.textContent = before), 2000);
    });
  }
}

customElements.define("copy-button", CopyButton);
