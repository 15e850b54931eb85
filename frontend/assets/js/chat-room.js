// <chat-room> around a room's page keeps it up to date and lets one talk without loading it again. The page stays the
// same one that works without scripts. What the person writes waits in the outbox (live.js) until the hub has it.

import { Log } from "./chat-log.js";
import { Clock, h, icon, words } from "./chat-message.js";
import { ChatMenu } from "./chat-menu.js";
import { Composer } from "./chat-composer.js";
import { Around } from "./chat-around.js";
import { connection } from "./live.js";

const readEvery = 2000;
const sayEvery = 3000;

class ChatRoom extends HTMLElement {
  #loading = false;
  #below = 0;
  #readAt = 0;
  #sayings = [];

  connectedCallback() {
    if (this.log) return;
    const data = this.dataset;
    this.texts = JSON.parse(data.texts);
    Object.assign(this, { slug: data.room, path: `/chat/${data.room}`, me: data.me, myName: data.name, lang: document.documentElement.lang, sprite: data.icons });
    this.clock = new Clock(this.lang, data.zone);
    this.writes = Boolean(this.querySelector("#say"));
    this.read = Number(data.read);
    this.top = Number(data.last);
    this.live = connection();
    this.log = new Log(this, this.querySelector(".chat__log"), this.querySelector("#msgs"));
    this.around = new Around(this);
    this.menu = new ChatMenu(this);
    if (this.writes) this.composer = new Composer(this);
    this.#furnish();
    this.live.addEventListener("room", (event) => event.detail.room === this.slug && this.#frame(event.detail));
    this.live.addEventListener("state", () => this.#state());
    this.live.subscribe(this.slug, this.top, Number(data.changes));
    if (this.me) this.live.watch("me");
    this.#state();
    const target = this.querySelector(":target") ?? this.querySelector("#new");
    target?.scrollIntoView({ block: "center" });
    this.classList.add("is-live");
  }

  at(number) {
    return `${this.path}?at=${number}#m${number}`;
  }

  // #furnish adds what only the live page has.
  #furnish() {
    const { texts } = this;
    for (const part of this.querySelectorAll("[data-plain]")) part.hidden = true;
    for (const part of this.querySelectorAll("[data-live-hint]")) part.hidden = false;
    this.lost = h("div", { class: "lost", role: "status" });
    this.querySelector(".chat__head").after(this.lost);
    this.lost.hidden = true;
    this.down = h("button", { class: "btn btn--sm chat__below", type: "button", hidden: true });
    this.log.box.after(this.down);
    this.down.addEventListener("click", () => this.toNewest());
    this.voice = h("div", { class: "vh", role: "log", "aria-label": texts.log, "data-voice": true });
    this.append(this.voice);
    const pause = h("button", { type: "button", class: "chat__pause", "aria-pressed": "false" }, texts.pause);
    pause.addEventListener("click", () => {
      this.paused = pause.getAttribute("aria-pressed") !== "true";
      pause.setAttribute("aria-pressed", String(this.paused));
    });
    this.querySelector("[data-room-menu]")?.append(h("li", {}, pause));
    setInterval(() => this.#speak(), sayEvery);
    this.log.box.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    document.addEventListener("visibilitychange", () => this.#noteRead());
    addEventListener("focus", () => this.#noteRead());
    document.addEventListener("keydown", (event) => this.#key(event));
    this.querySelector("[data-day]")?.addEventListener("submit", (event) => this.#toDay(event));
    for (const more of this.querySelectorAll("[data-earlier], [data-later]")) more.hidden = true;
    this.#scrolled();
  }

  #frame(frame) {
    switch (frame.type) {
      case "resync":
        this.log.restart(frame.messages, true);
        this.log.toBottom();
        this.#reached(frame.last, frame.read);
        return this.live.dispatchEvent(new Event("fresh"));
      case "subscribed":
        for (const m of frame.changed ?? []) this.log.replace(m);
        this.#came(frame.messages);
        return this.#reached(frame.last, frame.read);
      case "message":
        return this.#came([frame.message]);
      case "changed":
        return this.log.replace(frame.message);
      case "unsubscribed":
        if (frame.reason === "denied") location.assign("/chat/rooms");
        return;
      default:
        this.around.frame(frame);
    }
  }

  #reached(last, read) {
    this.top = Math.max(this.top, last);
    if (read > this.read) this.read = read;
    this.#noteRead();
  }

  // #came puts new messages in the log, or counts them when the newest is not in the page.
  #came(messages) {
    if (messages.length === 0) return;
    const fresh = messages.filter((m) => m.number > this.top);
    this.top = Math.max(this.top, messages.at(-1).number);
    for (const m of messages) if (m.id && m.author.id === this.me) this.composer?.arrived(m.id);
    const others = fresh.filter((m) => m.author.id !== this.me);
    const away = document.visibilityState !== "visible" || !document.hasFocus();
    const bottom = this.log.bottom;
    if (this.log.newest) this.log.add(messages);
    if (others.length > 0 && away && !this.unseen) {
      this.unseen = true;
      this.log.mark(this.log.row(others[0].number), this.texts.fresh);
    }
    this.#sayings.push(...others);
    this.around.spoke(fresh);
    if (!bottom) this.#count(this.#below + others.length);
    this.#noteRead();
  }

  #count(n) {
    this.#below = n;
    const show = n > 0 || !this.log.newest;
    this.down.hidden = !show;
    this.down.textContent = n > 0 ? words(n === 1 ? this.texts.below.one : this.texts.below.other, { N: n }) : this.texts.newest;
  }

  // #noteRead tells the hub what was read: what is in sight in a window that is looked at.
  #noteRead() {
    if (!this.me || document.visibilityState !== "visible" || !document.hasFocus() || !this.log.bottom) return;
    this.unseen = false;
    this.#count(0);
    if (this.top <= this.read) return;
    clearTimeout(this.reading);
    this.reading = setTimeout(
      () => {
        if (this.top > this.read && this.live.tell({ type: "read", room: this.slug, number: this.top })) {
          this.read = this.top;
          this.#readAt = Date.now();
        }
      },
      Math.max(0, this.#readAt + readEvery - Date.now()),
    );
  }

  async #scrolled() {
    this.#noteRead();
    if (!this.log.newest) this.#count(this.#below);
    const { box } = this.log;
    const above = box.scrollHeight - box.clientHeight + box.scrollTop;
    if (above < 500 && this.log.earlier) await this.#load({ before: this.log.first }, true);
    else if (-box.scrollTop < 500 && !this.log.newest) await this.#load({ after: this.log.last }, false);
  }

  async history(place) {
    return this.live.ask({ type: "history", room: this.slug, ref: this.live.id("h"), ...place });
  }

  async #load(place, before) {
    if (this.#loading || this.log.rows.length === 0) return;
    this.#loading = true;
    try {
      const answer = await this.history(place);
      const messages = answer.messages ?? [];
      if (before) this.log.earlier = Boolean(answer.earlier);
      else if (this.#reachesTop(answer)) this.log.newest = true;
      this.log.add(messages, before);
    } catch {
      // without a line nothing more can be read; the next scroll asks again
    }
    this.#loading = false;
  }

  // #reachesTop says whether a part goes as far as the newest message that is known: one may have come meanwhile.
  #reachesTop({ later, messages = [] }) {
    return !later && (messages.at(-1)?.number ?? this.log.last) >= this.top;
  }

  // show puts a part of the room in the page and leads to one message of it.
  async show(place, number) {
    try {
      const answer = await this.history(place);
      const messages = answer.messages ?? [];
      if (messages.length === 0) return false;
      this.log.restart(messages, this.#reachesTop(answer));
      this.log.earlier = Boolean(answer.earlier);
      const row = this.log.row(number ?? messages[0].number);
      row?.scrollIntoView({ block: number ? "center" : "start" });
      this.#count(0);
      return true;
    } catch {
      return false;
    }
  }

  async toNewest() {
    if (!this.log.newest && !(await this.show({ before: this.top + 1 }, this.top))) return;
    this.log.toBottom();
    this.#noteRead();
  }

  async #toDay(event) {
    const day = event.target.elements.day?.value;
    if (!day || this.live.state !== "open") return;
    event.preventDefault();
    event.target.closest("details")?.removeAttribute("open");
    await this.show({ from: new Date(`${day}T00:00:00`).toISOString() });
    this.log.box.focus({ preventScroll: true });
  }

  // #speak reads new messages out politely, a few seconds' worth at once.
  #speak() {
    const said = this.#sayings.splice(0);
    if (said.length === 0 || this.paused) return;
    const plain = (m) => new DOMParser().parseFromString(m.html ?? "", "text/html").body.textContent.trim().slice(0, 300);
    for (const m of said.slice(-10)) this.voice.append(h("p", { lang: m.lang }, `${m.author.name}: ${plain(m)}`));
    while (this.voice.childElementCount > 30) this.voice.firstElementChild.remove();
  }

  #state() {
    const { state } = this.live;
    if (state === "lost" || state === "ended") {
      if (!this.lost.hidden && this.lost.dataset.state === state) return;
      this.lost.dataset.state = state;
      const ended = state === "ended";
      const text = h("span", {}, h("strong", {}, this.texts.lost), ` ${ended ? this.texts.ended : this.texts.kept}`);
      const again = h("button", { class: "btn btn--sm", type: "button" }, icon(this.sprite, "refresh"), this.texts.again);
      again.addEventListener("click", () => (ended ? location.reload() : this.live.again()));
      this.lost.replaceChildren(h("p", {}, icon(this.sprite, "offline", ""), text), again);
      this.lost.hidden = false;
      this.around.clear();
    } else if (state === "open") {
      this.lost.hidden = true;
      this.composer?.open();
      this.#scrolled();
    }
  }

  #key(event) {
    if (!event.altKey || event.ctrlKey || event.metaKey || (event.key !== "ArrowUp" && event.key !== "ArrowDown")) return;
    const links = [...this.querySelectorAll(".chat__rooms a[data-room]")];
    const at = links.findIndex((link) => link.getAttribute("aria-current"));
    const next = links[(at + (event.key === "ArrowDown" ? 1 : links.length - 1)) % links.length];
    if (!next || at < 0) return;
    event.preventDefault();
    location.assign(next.href);
  }
}

customElements.define("chat-room", ChatRoom);
