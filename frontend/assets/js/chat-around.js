// What stands around a room's log and is never stored: who is here, who writes, who has read; and the list of rooms.

import { avatar, h, words } from "./chat-message.js";

const forget = 6500;
const listEvery = 5000;

export class Around {
  #seen = new Map();
  #listed = 0;

  constructor(room) {
    this.room = room;
    this.people = room.querySelector("[data-people]");
    this.here = room.querySelector("[data-here]");
    this.typing = h("p", { class: "chat__typing", "aria-live": "off" });
    this.read = h("p", { class: "chat__read sm muted", hidden: true });
    const before = room.querySelector(".chat__composer");
    before?.before(this.read, this.typing);
    room.live.addEventListener("touched", (event) => event.detail.subject === "me" && this.#touched());
  }

  frame(frame) {
    if (frame.type === "presence") this.#presence(frame);
    if (frame.type === "typing") this.#types((frame.names ?? []).filter((_, at) => frame.members?.[at] !== this.room.me));
    if (frame.type === "read" && frame.member.id !== this.room.me) {
      this.#seen.set(frame.member.id, frame);
      this.#showRead();
    }
  }

  clear() {
    this.#types([]);
    if (this.here) this.here.hidden = true;
  }

  spoke(messages) {
    if (messages.length === 0) return;
    const spoke = new Set(messages.map((m) => m.author.name)); // they do not write now
    this.#types((this.names ?? []).filter((name) => !spoke.has(name)));
    this.#showRead();
  }

  #types(others) {
    this.names = others;
    clearTimeout(this.timer);
    if (others.length > 0) this.timer = setTimeout(() => this.#types([]), forget);
    const { texts, lang } = this.room;
    const list = new Intl.ListFormat(lang, { type: "conjunction" }).format(others.slice(0, 3));
    this.typing.textContent = others.length === 0 ? "" : words(others.length === 1 ? texts.types.one : texts.types.other, { Names: list });
  }

  #presence({ count, here = [], away = [] }) {
    const { texts } = this.room;
    if (this.here) {
      this.here.textContent = words(count === 1 ? texts.online.one : texts.online.other, { N: count });
      this.here.hidden = false;
    }
    if (!this.people || (count > 0 && here.length + away.length === 0)) return; // visitors are not told who
    const group = (title, people, kind, state) =>
      people.length === 0
        ? []
        : [
            h("h2", { class: "label", id: kind === "on" ? "mem" : null }, title),
            h("ul", { class: "stack mt-4 mb-4" }, ...people.map((one) => this.#person(one, kind, state))),
          ];
    const parts = [...group(texts.here, here, "on", texts.isHere), ...group(texts.away, away, "away", texts.isAway)];
    if (parts.length === 0) parts.push(h("h2", { class: "label", id: "mem" }, texts.nobody));
    if (!parts[0].id) parts[0].id = "mem";
    this.people.replaceChildren(...parts);
  }

  #person(one, kind, state) {
    const sign = h("span", { class: "person" }, avatar(one.name, " avatar--sm"), h("span", { class: `presence presence--${kind}` }));
    const text = h("span", { class: "person__text sm" }, h("span", { class: "person__name" }, one.name), h("span", { class: "vh" }, `, ${state}`));
    if (one.town) text.append(h("span", { class: "person__sub" }, one.town));
    return h("li", { class: "person" }, sign, text);
  }

  // #showRead says who has read one's own last message.
  #showRead() {
    const { log, me, texts, lang } = this.room;
    const own = log.rows.filter((row) => row.dataset.author === me).at(-1);
    const names = [...this.#seen.values()].filter((frame) => own && frame.number >= log.number(own)).map((frame) => frame.member.name);
    this.read.hidden = names.length === 0;
    this.read.textContent = names.length === 0 ? "" : words(texts.readBy, { Names: new Intl.ListFormat(lang, { type: "conjunction" }).format(names) });
  }

  // #touched brings the counts of the other rooms up to date, now and then.
  #touched() {
    const wait = this.#listed + listEvery - Date.now();
    clearTimeout(this.listing);
    this.listing = setTimeout(() => this.#list(), Math.max(0, wait));
  }

  async #list() {
    const place = this.room.querySelector("#rooms");
    if (!place || this.room.live.state !== "open" || !navigator.onLine) return;
    this.#listed = Date.now();
    try {
      const answer = await fetch("/chat/rooms", { credentials: "same-origin", headers: { Accept: "text/html" } });
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("rooms");
      if (!answer.ok || !fresh) return;
      const held = place.contains(document.activeElement) ? document.activeElement.dataset.room : undefined;
      place.replaceChildren(...document.importNode(fresh, true).childNodes);
      const own = place.querySelector(`a[data-room="${CSS.escape(this.room.slug)}"]`);
      own?.setAttribute("aria-current", "page");
      own?.classList.remove("is-new");
      own?.querySelector(".count")?.remove();
      if (held) place.querySelector(`a[data-room="${CSS.escape(held)}"]`)?.focus({ preventScroll: true });
    } catch {
      // the next news asks again
    }
  }
}
