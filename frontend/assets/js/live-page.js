// <live-page subject="meeting/…" regions="agenda attendance"> brings regions of an open page up to date when something
// changed there: the page is fetched again and the regions are taken out of it. A region in which somebody is, or has
// typed something, waits until they leave it. The bell follows what is new.

import { connection } from "./live.js";
import { swapped } from "./swap.js";

const atMost = 3000;

class LivePage extends HTMLElement {
  #timer;
  #waiting = new Map();
  #fetched = 0;

  connectedCallback() {
    this.#begin();
  }

  disconnectedCallback() {
    clearTimeout(this.#timer);
  }

  #begin() {
    const live = connection();
    this.subject = this.getAttribute("subject");
    if (this.subject) live.watch(this.subject);
    if (this.hasAttribute("member")) live.watch("me");
    live.addEventListener("touched", ({ detail }) => {
      if (detail.subject === this.subject) this.#later();
      if (detail.subject === "me") bell(detail.unread ?? "");
    });
    let lost = false;
    live.addEventListener("state", () => {
      if (live.state === "open" && lost) this.#later(); // something may have changed meanwhile
      lost ||= live.state === "lost";
    });
    document.addEventListener("focusout", () => setTimeout(() => this.#settleWaiting(), 100));
  }

  #later() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#fetch(), Math.max(200, this.#fetched + atMost - Date.now()));
  }

  async #fetch() {
    this.#fetched = Date.now();
    try {
      const answer = await fetch(location.href, { credentials: "same-origin", headers: { Accept: "text/html" } });
      if (!answer.ok || answer.redirected) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      for (const id of (this.getAttribute("regions") ?? "").split(/\s+/).filter(Boolean)) {
        const fresh = page.getElementById(id);
        if (fresh) this.#waiting.set(id, fresh);
      }
      this.#settleWaiting();
    } catch {
      // the next touch asks again
    }
  }

  #settleWaiting() {
    for (const [id, fresh] of this.#waiting) {
      const old = document.getElementById(id);
      if (old && busy(old)) continue;
      this.#waiting.delete(id);
      if (old && old.innerHTML !== fresh.innerHTML) put(old, fresh);
    }
  }
}

// busy says whether somebody is in a region, or has typed there.
function busy(region) {
  if (region.contains(document.activeElement)) return true;
  return [...region.querySelectorAll("input, textarea, select")].some((field) => {
    if (field.type === "hidden") return false;
    if (field.type === "checkbox" || field.type === "radio") return field.checked !== field.defaultChecked;
    if (field.tagName === "SELECT") return field.selectedIndex !== Math.max(0, [...field.options].findIndex((option) => option.defaultSelected));
    return field.value !== field.defaultValue;
  });
}

// put replaces a region without moving what is looked at, and leaves open what was open.
function put(old, fresh) {
  const open = [...old.querySelectorAll("details")].map((part) => part.open);
  const above = old.getBoundingClientRect().bottom < 0;
  const before = document.documentElement.scrollHeight;
  old.className = fresh.className;
  old.replaceChildren(...document.importNode(fresh, true).childNodes);
  const parts = [...old.querySelectorAll("details")];
  if (parts.length === open.length) parts.forEach((part, i) => (part.open = open[i]));
  if (above) scrollBy(0, document.documentElement.scrollHeight - before);
  old.dispatchEvent(new CustomEvent(swapped, { bubbles: true }));
}

function bell(unread) {
  const tool = document.querySelector('.masthead a[href="/unread"]');
  const count = tool?.querySelector(".tool__count");
  if (!tool || (count?.textContent ?? "") === unread) return;
  if (!unread) {
    count?.remove();
    return;
  }
  if (count) count.textContent = unread;
  else {
    const sign = document.createElement("span");
    sign.className = "tool__count";
    sign.setAttribute("aria-hidden", "true");
    sign.textContent = unread;
    tool.append(sign);
  }
}

customElements.define("live-page", LivePage);
