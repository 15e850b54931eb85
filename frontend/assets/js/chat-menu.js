// What one can do with a message, in a small menu beside it. Without a line its links lead to the page that does the same.

import { h } from "./chat-message.js";

export class ChatMenu {
  constructor(room) {
    this.room = room;
    room.log.list.addEventListener("click", (event) => this.#click(event));
    room.log.list.addEventListener("submit", (event) => this.#react(event));
    document.addEventListener("click", (event) => this.panel && !this.panel.contains(event.target) && this.close(false));
  }

  #click(event) {
    const row = event.target.closest(".msg");
    const number = this.room.log.number(row);
    const more = event.target.closest(".msg__more");
    const chip = event.target.closest("button.react");
    const reply = event.target.closest(".msg__reply a");
    if (more && this.room.live.state === "open" && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      event.stopPropagation();
      this.open(row, number, more);
    } else if (chip) {
      event.preventDefault();
      this.#ask({ type: "react", number, kind: chip.value, on: chip.getAttribute("aria-pressed") !== "true" });
    } else if (reply && this.room.live.state === "open") {
      const to = Number(new URL(reply.href).searchParams.get("at"));
      event.preventDefault();
      this.goTo(to);
    }
  }

  #react(event) {
    if (event.target.action.endsWith("/react")) event.preventDefault(); // the button did it
  }

  async goTo(number) {
    const { log } = this.room;
    if (!log.row(number)) await this.room.show({ around: number }, number);
    const row = log.row(number);
    if (!row) return location.assign(this.room.at(number));
    row.scrollIntoView({ block: "center" });
    log.list.querySelector(".msg--at")?.classList.remove("msg--at");
    row.classList.add("msg--at");
  }

  async #ask(frame) {
    const { live, slug } = this.room;
    try {
      await live.ask({ room: slug, id: live.id("x"), ...frame });
    } catch (why) {
      if (why.code === "offline") location.assign(`${this.room.path}/${frame.number}`);
      else this.room.voice.append(h("p", {}, why.text ?? ""));
    }
  }

  open(row, number, opener) {
    this.close(false);
    const { room } = this;
    const { texts } = room;
    const mine = row.dataset.author === room.me;
    const here = !row.querySelector(".msg__body > p.muted:only-child");
    this.opener = opener;
    const list = h("ul", { class: "menu__list" });
    const item = (label, run) => {
      const button = h("button", { type: "button" }, label);
      button.addEventListener("click", () => run(button));
      list.append(h("li", {}, button));
    };
    const act = (frame) => () => {
      this.close(true);
      this.#ask({ number, ...frame });
    };
    if (room.writes && here) {
      item(texts.reply, () => {
        this.close(false);
        const name = row.querySelector(".msg__head strong")?.textContent ?? "";
        room.composer.reply(number, name, row.querySelector(".msg__body").textContent.trim());
      });
      if (!mine) {
        for (const [kind, label] of Object.entries(texts.reaction)) {
          const on = row.querySelector(`button.react[value="${kind}"]`)?.getAttribute("aria-pressed") !== "true";
          item(on ? label : `✓ ${label}`, act({ type: "react", kind, on }));
        }
      } else {
        item(texts.edit, () => {
          this.close(false);
          room.composer.edit(number);
        });
        item(texts.erase, (button) => {
          if (button.dataset.sure) act({ type: "delete", reason: "" })();
          else [button.dataset.sure, button.textContent] = ["1", texts.sure];
        });
      }
      if (room.dataset.marks) {
        const marked = Boolean(row.querySelector(".badge--brick"));
        for (const mark of marked ? [""] : ["decision", "action"]) item(marked ? texts.unmark : texts.markAs[mark], act({ type: "mark", mark }));
      }
    }
    list.append(h("li", {}, h("a", { href: room.at(number) }, texts.link)), h("li", {}, h("a", { href: opener.href }, texts.others)));
    this.panel = h("div", { class: "menu__panel chat__menu" }, list);
    this.panel.addEventListener("keydown", (event) => this.#key(event));
    opener.setAttribute("aria-expanded", "true");
    row.append(this.panel);
    list.querySelector("button, a").focus({ preventScroll: true });
    this.panel.scrollIntoView({ block: "nearest" });
  }

  #key(event) {
    const all = [...this.panel.querySelectorAll("button, a")];
    const at = all.indexOf(document.activeElement);
    if (event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
      this.close(true);
    } else if (!event.altKey && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      event.preventDefault();
      all[(at + (event.key === "ArrowDown" ? 1 : all.length - 1)) % all.length].focus();
    }
  }

  close(back) {
    if (!this.panel) return;
    this.panel.remove();
    this.panel = undefined;
    this.opener.removeAttribute("aria-expanded");
    if (back) this.opener.focus({ preventScroll: true });
  }
}
