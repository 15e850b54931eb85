// The composer of a room: sends, answers, changes the last message, and shows what waits to be sent.

import { avatar, h, icon, words } from "./chat-message.js";

const typingEvery = 3000;

export class Composer {
  #sent = 0; // number of the last message that the hub took
  #typed = 0;
  #reply;
  #editing;

  constructor(room) {
    this.room = room;
    this.form = room.querySelector("#say");
    this.area = this.form.querySelector("textarea");
    this.answers = this.form.querySelector("[data-answers]");
    this.queue = h("ol", { class: "msgs chat__queue", "aria-label": room.texts.queue });
    room.log.list.after(this.queue);
    const given = this.form.querySelector('[name="reply"]');
    if (given) this.#reply = Number(given.value);
    this.form.addEventListener("submit", (event) => this.#submit(event));
    this.area.addEventListener("keydown", (event) => this.#key(event));
    this.area.addEventListener("input", () => this.#input());
    this.answers.querySelector("a").addEventListener("click", (event) => {
      event.preventDefault();
      this.rest();
      this.area.focus();
    });
    room.live.addEventListener("failed", (event) => this.#show(event.detail));
    room.live.addEventListener("sent", ({ detail }) => {
      this.arrived(detail.id);
      if (detail.room === room.slug) this.#sent = detail.number;
    });
    for (const one of room.live.waiting(room.me, room.slug)) this.#show(one);
    this.#restore();
  }

  open() {
    for (const one of this.room.live.waiting(this.room.me, this.room.slug)) this.#show(one);
  }

  #key(event) {
    if (event.isComposing) return;
    if (event.key === "Enter" && !event.ctrlKey && !event.altKey && !event.metaKey && event.shiftKey === (this.room.dataset.enter === "breaks")) {
      event.preventDefault();
      this.form.requestSubmit();
    } else if (event.key === "Escape") {
      event.preventDefault();
      if (this.#reply || this.#editing) this.rest();
      else this.room.log.box.focus({ preventScroll: true });
    } else if (event.key === "ArrowUp" && !event.altKey && this.area.value.trim() === "") {
      const own = this.room.log.rows.filter((row) => row.dataset.author === this.room.me && row.querySelector(".msg__more")).at(-1);
      if (own && !(this.#sent > this.room.log.last)) { // else their last message is not in the log yet
        event.preventDefault();
        this.edit(this.room.log.number(own));
      }
    }
  }

  #input() {
    this.area.removeAttribute("aria-invalid");
    this.#grow();
    this.#keepDraft();
    const now = Date.now();
    if (this.area.value.trim() && now - this.#typed > typingEvery) {
      this.#typed = now;
      this.room.live.tell({ type: "typing", room: this.room.slug });
    }
  }

  #grow() {
    this.area.style.blockSize = "auto";
    this.area.style.blockSize = `${Math.min(this.area.scrollHeight + 2, 240)}px`;
  }

  async #submit(event) {
    const { room } = this;
    // Where no live connection ever came about, the form goes as it does without scripts.
    if (!room.live.hello && room.live.tries > 2 && navigator.onLine) return;
    event.preventDefault();
    const text = this.area.value.trim();
    if (!text) return;
    if (this.#editing) return this.#change(text);
    const one = room.live.say(room.me, room.slug, this.area.value, this.#reply);
    this.#show(one);
    this.#empty();
    await room.toNewest();
  }

  #empty() {
    this.area.value = "";
    this.rest();
    this.#grow();
    this.#keepDraft();
    this.#typed = 0;
  }

  // rest ends an answer or a change.
  rest() {
    if (this.#editing) this.area.value = "";
    this.#reply = this.#editing = undefined;
    this.form.querySelector('[name="reply"]')?.remove();
    this.answers.hidden = true;
  }

  reply(number, name, text) {
    this.#reply = number;
    this.#editing = undefined;
    this.#about(h("strong", {}, name), ` ${text.slice(0, 120)}`);
  }

  async edit(number) {
    try {
      const answer = await this.room.history({ around: number });
      const m = answer.messages.find((one) => one.number === number);
      if (!m || m.deleted || m.moved) return;
      this.#reply = undefined;
      this.#editing = m;
      this.area.value = m.text;
      this.#about(h("strong", {}, this.room.texts.editing), "");
      this.#grow();
    } catch {
      this.#refuse(this.room.texts.offline);
    }
  }

  #about(...what) {
    this.answers.querySelector("[data-answers-words]").replaceChildren(...what);
    this.answers.hidden = false;
    this.area.focus();
  }

  async #change(text) {
    const { room } = this;
    const m = this.#editing;
    try {
      await room.live.ask({ type: "edit", room: room.slug, id: room.live.id("e"), number: m.number, revision: m.revision ?? 0, text });
      if (this.#editing === m) this.#empty();
    } catch (why) {
      this.#refuse(why.text ?? room.texts.offline);
    }
  }

  #refuse(text) {
    let problem = this.form.querySelector("#source-error");
    if (!problem) {
      problem = h("p", { class: "field__error", id: "source-error", role: "alert" });
      this.form.querySelector(".chat__line").after(problem);
    }
    problem.replaceChildren(icon(this.room.sprite, "alert", ""), h("span", {}, text));
    setTimeout(() => problem.remove(), 10_000);
  }

  // #show puts a message that waits, or was refused, below the log.
  #show(one) {
    const { texts, clock, sprite, myName } = this.room;
    if (one.room !== this.room.slug || one.member !== this.room.me) return;
    const failed = one.failed;
    const state = failed ? words(texts.failed, { Why: failed.text ?? "" }) : texts.queued;
    const act = h("div", { class: "msg__act" }, h("span", { class: "msg__state" }, icon(sprite, failed ? "alert" : "clock"), state));
    const button = (label, run) => {
      const b = h("button", { class: "btn btn--sm", type: "button" }, label);
      b.addEventListener("click", run);
      act.append(b);
    };
    button(texts.resend, () => {
      this.queue.querySelector(`[data-id="${CSS.escape(one.id)}"]`)?.remove();
      const again = this.room.live.retry(one.id);
      if (again) this.#show(again);
    });
    if (failed) button(texts.take, () => this.#take(one));
    const li = h(
      "li",
      { class: `msg ${failed ? "msg--failed" : "msg--queued"}`, "data-id": one.id },
      avatar(myName),
      h("p", { class: "msg__head" }, h("strong", {}, myName), h("time", { class: "msg__time", datetime: one.at }, clock.time(one.at))),
      h("div", { class: "msg__body" }, h("p", { class: "prewrap" }, one.text), act),
    );
    this.room.log.still(() => {
      const old = this.queue.querySelector(`[data-id="${CSS.escape(one.id)}"]`);
      if (old) old.replaceWith(li);
      else this.queue.append(li);
    });
  }

  #take(one) {
    this.room.live.discard(one.id);
    this.arrived(one.id);
    this.area.value = [one.text, this.area.value].filter(Boolean).join("\n");
    this.#grow();
    this.#keepDraft();
    this.area.focus();
  }

  // arrived takes away what the hub has now.
  arrived(id) {
    this.queue.querySelector(`[data-id="${CSS.escape(id)}"]`)?.remove();
  }

  get #place() {
    return `belfry:draft:chat/${this.room.me}/${this.room.slug}`;
  }

  #keepDraft() {
    try {
      if (this.area.value.trim() && !this.#editing) localStorage.setItem(this.#place, this.area.value);
      else if (!this.#editing) localStorage.removeItem(this.#place);
    } catch {}
  }

  #restore() {
    try {
      const draft = localStorage.getItem(this.#place);
      if (draft && !this.area.value.trim()) this.area.value = draft;
    } catch {}
    if (this.area.value) this.#grow();
  }
}
