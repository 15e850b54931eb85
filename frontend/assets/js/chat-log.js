// The log of a room: messages in order, at most so many at once, grouped by who says them and by day. Whatever comes or
// goes, the reader's place does not move.

import { h, message } from "./chat-message.js";

const most = 300; // messages in the page
const together = 10 * 60_000;

export class Log {
  constructor(room, box, list) {
    Object.assign(this, { room, box, list });
    this.newest = !box.querySelector("[data-later]");
    this.earlier = Boolean(box.querySelector("[data-earlier]"));
  }

  get rows() {
    return [...this.list.querySelectorAll(":scope > .msg")];
  }

  number(row) {
    return row ? Number(row.id.slice(1)) : 0;
  }

  get first() {
    return this.number(this.list.querySelector(":scope > .msg"));
  }

  get last() {
    return this.number(this.rows.at(-1));
  }

  row(number) {
    return this.list.querySelector(`:scope > #m${Number(number)}`);
  }

  // bottom says whether the newest message is in sight.
  get bottom() {
    return this.newest && this.box.scrollTop > -60;
  }

  toBottom() {
    this.box.scrollTop = 0;
  }

  // still runs a change and keeps what is read where it is.
  still(change) {
    const stick = this.bottom;
    const top = this.box.getBoundingClientRect().top;
    const anchor = stick ? null : this.rows.find((row) => row.getBoundingClientRect().bottom > top);
    const before = anchor?.getBoundingClientRect().top;
    change();
    if (stick && this.newest) this.toBottom();
    else if (anchor?.isConnected) this.box.scrollTop += anchor.getBoundingClientRect().top - before;
  }

  // add puts messages after or before those there are; those at the other end make room.
  add(messages, before = false) {
    const fresh = messages.filter((m) => !this.row(m.number));
    if (fresh.length === 0) return;
    this.box.querySelector("[data-empty]")?.remove();
    this.still(() => {
      const rows = fresh.map((m) => message(m, this.room));
      if (before) this.list.prepend(...rows);
      else this.list.append(...rows);
      this.trim(before);
      this.arrange();
    });
  }

  replace(m) {
    const row = this.row(m.number);
    if (!row) return;
    this.still(() => {
      const focus = row.contains(document.activeElement);
      const fresh = message(m, this.room);
      row.replaceWith(fresh);
      this.arrange();
      if (focus) fresh.querySelector(".msg__more")?.focus({ preventScroll: true });
    });
  }

  // restart forgets what is shown.
  restart(messages, newest) {
    this.list.replaceChildren();
    this.newest = newest;
    this.earlier = (messages[0]?.number ?? 1) > 1;
    this.add(messages);
  }

  trim(fromEnd) {
    const rows = this.rows;
    let over = rows.length - most;
    if (over <= 0) return;
    for (const row of fromEnd ? rows.reverse() : rows) {
      if (over-- <= 0 && (fromEnd || !row.classList.contains("msg--follow"))) break;
      row.remove();
    }
    if (fromEnd) this.newest = false;
    else this.earlier = true;
  }

  // arrange groups messages and puts the lines between days.
  arrange() {
    let last;
    for (const mark of this.list.querySelectorAll(":scope > .mark:not(.mark--new)")) mark.remove();
    const { clock } = this.room;
    for (const row of this.rows) {
      const day = clock.day(row.dataset.at);
      const line = row.previousElementSibling?.classList.contains("mark--new");
      const newDay = day !== last?.day;
      if (newDay) (line ? row.previousElementSibling : row).before(h("li", { class: "mark" }, h("span", {}, day)));
      const follows = !newDay && !line && row.dataset.author === last.author && new Date(row.dataset.at) - last.at < together;
      const head = row.querySelector(".msg__head");
      if (head) row.classList.toggle("msg--follow", follows);
      for (const link of head?.querySelectorAll("a") ?? []) link.tabIndex = follows ? -1 : 0; // unseen, it is no stop
      last = { day, author: row.dataset.author, at: new Date(row.dataset.at) };
    }
  }

  // mark puts the line above the first new message, or takes it away.
  mark(row, text) {
    this.still(() => {
      this.list.querySelector(":scope > .mark--new")?.remove();
      if (row) row.before(h("li", { class: "mark mark--new", id: "new" }, h("span", {}, text)));
      this.arrange();
    });
  }
}
