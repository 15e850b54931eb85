// <town-search src data-found data-none data-chosen> around an input and, when data-code names one, a hidden field.
// Turns the input into a combobox over the towns, or whatever else, that the server finds. With data-go a choice opens
// its page.

import { say } from "./toast.js";

const pause = 150;
let serial = 0;

class TownSearch extends HTMLElement {
  #input;
  #code;
  #list;
  #towns = [];
  #active = -1;
  #timer;
  #request;

  connectedCallback() {
    if (this.#input) return;
    this.#input = this.querySelector("input:not([type=hidden])");
    this.#code = this.querySelector("input[type=hidden]");
    if (!this.#input) return;
    this.#list = document.createElement("ul");
    this.#list.id = `town-search-${++serial}`;
    this.#list.className = "suggest";
    this.#list.setAttribute("role", "listbox");
    this.#list.setAttribute("aria-label", this.dataset.found);
    this.#list.hidden = true;
    this.#input.after(this.#list);
    const attributes = { role: "combobox", "aria-expanded": "false", "aria-autocomplete": "list", "aria-controls": this.#list.id, autocomplete: "off" };
    for (const [name, value] of Object.entries(attributes)) this.#input.setAttribute(name, value);
    this.#input.addEventListener("input", () => this.#typed());
    this.#input.addEventListener("keydown", (event) => this.#key(event));
    this.#input.addEventListener("blur", () => this.#close());
    // mousedown, so that the input keeps the focus
    this.#list.addEventListener("mousedown", (event) => event.preventDefault());
    this.#list.addEventListener("click", (event) => {
      const option = event.target.closest("[role=option]");
      if (option) this.#choose([...this.#list.children].indexOf(option));
    });
    if (document.activeElement === this.#input && this.#input.value) this.#typed(); // typed before this module was here
  }

  #typed() {
    if (this.#code) this.#code.value = "";
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#search(), pause);
  }

  async #search() {
    const words = this.#input.value.trim();
    this.#request?.abort();
    if (words.length < 2) return this.#close();
    this.#request = new AbortController();
    try {
      const url = new URL(this.getAttribute("src"), location.href);
      url.searchParams.set("q", words);
      const response = await fetch(url, { signal: this.#request.signal, headers: { Accept: "application/json" } });
      if (!response.ok) return this.#close();
      this.#show(await response.json());
    } catch {
      this.#close(); // the form and its search page still work
    }
  }

  #show(towns) {
    this.#towns = towns;
    this.#active = -1;
    this.#list.replaceChildren(...towns.map((town, i) => this.#option(town, i)));
    this.#open(towns.length > 0);
    say(towns.length > 0 ? `${this.dataset.found} ${towns.length}` : this.dataset.none);
  }

  #option(town, i) {
    const option = document.createElement("li");
    option.id = `${this.#list.id}-${i}`;
    option.setAttribute("role", "option");
    option.setAttribute("aria-selected", "false");
    const name = document.createElement("strong");
    name.textContent = town.name;
    if (town.lang) name.lang = town.lang;
    const where = document.createElement("span");
    where.textContent = [town.postal, town.area].filter(Boolean).join(", ");
    option.append(name, " ", where);
    return option;
  }

  #key(event) {
    const last = this.#towns.length - 1;
    const open = !this.#list.hidden;
    const moves = { ArrowDown: this.#active >= last ? 0 : this.#active + 1, ArrowUp: this.#active <= 0 ? last : this.#active - 1 };
    if (event.key in moves && last >= 0) {
      event.preventDefault();
      this.#open(true);
      this.#mark(moves[event.key]);
    } else if (event.key === "Enter" && open && this.#active >= 0) {
      event.preventDefault();
      this.#choose(this.#active);
    } else if (event.key === "Escape" && open) {
      event.preventDefault();
      event.stopPropagation();
      this.#close();
    }
  }

  #mark(index) {
    this.#active = index;
    [...this.#list.children].forEach((option, i) => option.setAttribute("aria-selected", String(i === index)));
    this.#input.setAttribute("aria-activedescendant", `${this.#list.id}-${index}`);
    this.#list.children[index]?.scrollIntoView({ block: "nearest" });
  }

  #choose(index) {
    const town = this.#towns[index];
    if (!town) return;
    if (this.hasAttribute("data-go") && town.href) {
      location.assign(town.href);
      return;
    }
    this.#input.value = town.name;
    if (this.#code) this.#code.value = town.code;
    this.#close();
    say(`${this.dataset.chosen} ${town.name}`);
    this.dispatchEvent(new CustomEvent("town-chosen", { bubbles: true, detail: town }));
  }

  #open(on) {
    this.#list.hidden = !on;
    this.#input.setAttribute("aria-expanded", String(on));
    if (!on) this.#input.removeAttribute("aria-activedescendant");
  }

  #close() {
    clearTimeout(this.#timer);
    this.#active = -1;
    this.#open(false);
  }
}

customElements.define("town-search", TownSearch);
