// Builds messages of a room as the server's pages build them.

const partitions = "pale fess bend sinister band chief chevron stripe quarter cross saltire lozenge tower wave bordure roundel".split(" ");

// h makes an element: attributes, then children, of which text is text and nothing more.
export function h(tag, attributes, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) if (value !== false && value != null) node.setAttribute(name, value === true ? "" : value);
  node.append(...children.filter((child) => child != null && child !== false));
  return node;
}

function fnv(text) {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash;
}

export function icon(sprite, name, size = " i--sm") {
  return picture(`i${size}`, "0 0 20 20", `${sprite}#i-${name}`);
}

function picture(kind, box, href) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", kind);
  svg.setAttribute("viewBox", box);
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", href);
  svg.append(use);
  return svg;
}

export function avatar(name, size = "") {
  const words = name.split(/\s+/).map((word) => word.match(/[\p{L}\p{N}]/u)?.[0]).filter(Boolean);
  const letters = words.length > 1 ? words[0] + words.at(-1) : (words[0] ?? "?");
  return h("span", { class: `avatar${size}`, "data-h": fnv(name) % 6, "aria-hidden": "true" }, letters.toUpperCase());
}

// words fills the names in braces into a text.
export function words(text, values = {}) {
  return (text ?? "").replace(/\{(\w+)\}/g, (all, name) => values[name] ?? all);
}

export class Clock {
  constructor(lang, zone) {
    this.lang = lang;
    this.hours = new Intl.DateTimeFormat("en-GB", { hour: "numeric", minute: "2-digit", hourCycle: "h23", timeZone: zone });
    this.date = new Intl.DateTimeFormat(lang, { weekday: "long", day: "numeric", month: "long", year: "numeric", timeZone: zone });
  }

  // time is the time of day, as each language writes it.
  time(at) {
    const [hour, minute] = this.hours.format(new Date(at)).split(":");
    const n = Number(hour);
    if (this.lang === "fr") return minute === "00" ? `${n}\u00a0h` : `${n}\u00a0h\u00a0${minute}`;
    if (this.lang === "en") return `${n}:${minute}`;
    return `${n}${minute === "00" ? "" : `.${minute}`}\u00a0${this.lang === "nl" ? "uur" : "Uhr"}`;
  }

  day(at) {
    return this.date.format(new Date(at));
  }
}

// message is a <li> as the pages have it.
export function message(m, room) {
  const { texts, sprite, clock, me } = room;
  const li = h("li", { class: "msg", id: `m${m.number}`, "data-author": m.author.id, "data-at": m.at });
  const head = h("p", { class: "msg__head" }, h("strong", {}, h("a", { href: `/people/${m.author.handle}` }, m.author.name)));
  if (m.author.town) {
    const hash = fnv(m.author.town_code ?? "");
    const shield = picture(`shield shield--sm t${(hash >>> 8) % 10}`, "0 0 20 24", `${sprite}#s-${partitions[hash % 16]}`);
    head.append(h("span", { class: "town sm muted" }, shield, m.author.town));
  }
  head.append(h("a", { class: "msg__time", href: room.at(m.number), rel: "bookmark" }, h("time", { datetime: m.at }, clock.time(m.at))));
  li.append(avatar(m.author.name), head, body(m, room));
  if (me) {
    const label = `${texts.more} ${m.author.name}, ${clock.time(m.at)}`;
    li.append(h("a", { class: "msg__more", href: `${room.path}/${m.number}` }, icon(sprite, "dots"), h("span", { class: "vh" }, label)));
  }
  return li;
}

function body(m, room) {
  const { texts, sprite } = room;
  const box = h("div", { class: "msg__body", lang: m.lang });
  if (m.deleted) {
    box.append(h("p", { class: "muted", lang: room.lang }, texts.deleted));
    return box;
  }
  if (m.moved) {
    box.append(h("p", { class: "muted", lang: room.lang }, `${texts.moved} `, m.moved.href ? h("a", { href: m.moved.href }, m.moved.title ?? m.moved.href) : ""));
    return box;
  }
  if (m.reply) {
    const says = h("span", {}, h("strong", {}, m.reply.name ?? ""), ` ${m.reply.moved ? texts.elsewhere : (m.reply.text ?? texts.deleted)}`);
    box.append(h("p", { class: "msg__reply sm" }, h("a", { href: room.at(m.reply.number) }, icon(sprite, "reply"), says)));
  }
  const said = document.createElement("template");
  said.innerHTML = m.html ?? ""; // rendered and sanitised by the hub
  box.append(said.content);
  const foot = h("div", { class: "msg__act", lang: room.lang });
  if (m.mark) foot.append(h("span", { class: "badge badge--brick" }, icon(sprite, "flag", ""), h("span", {}, texts.mark[m.mark])));
  for (const [kind, names] of Object.entries(m.reactions ?? {})) {
    if (!names?.length) continue;
    const mine = Boolean(m.reacted?.[kind]?.includes(room.me));
    const own = !room.writes || m.author.id === room.me;
    const chip = h(own ? "span" : "button", { class: "react", title: names.join(", ") }, texts.reaction[kind], " ", h("b", {}, String(names.length)));
    if (!own) Object.assign(chip, { type: "button", value: kind }).setAttribute("aria-pressed", String(mine));
    foot.append(chip);
  }
  if (m.revision) foot.append(h("span", { class: "muted" }, texts.edited));
  if (foot.childElementCount > 0) box.append(foot);
  return box;
}
