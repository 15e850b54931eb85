// <town-map data-view="window,zoom,x,y,most"> around a map that the server drew and links to other parts of it. Follows
// the links in place, and does the same for keys (+ − and the arrows), a dragged mouse, two fingers and a pinch.

import { say } from "./toast.js";

const keys = { "+": "in", "=": "in", "-": "out", "_": "out", ArrowLeft: "left", ArrowRight: "right", ArrowUp: "up", ArrowDown: "down" };

class TownMap extends HTMLElement {
  #pointers = new Map();
  #from;
  #moved = false;
  #request;

  connectedCallback() {
    this.addEventListener("keydown", (event) => this.#key(event));
    this.addEventListener("click", (event) => this.#click(event), true);
    this.addEventListener("pointerdown", (event) => this.#down(event));
    this.addEventListener("pointermove", (event) => this.#move(event));
    for (const end of ["pointerup", "pointercancel"]) this.addEventListener(end, (event) => this.#up(event));
    this.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
  }

  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || !keys[event.key]) return;
    const link = this.querySelector(`[data-move=${keys[event.key]}]`);
    if (!link) return;
    event.preventDefault();
    this.#show(link.href);
  }

  // A click at the end of a drag is none. Links to other parts of the map are followed in place.
  #click(event) {
    if (this.#moved) {
      this.#moved = false;
      event.preventDefault();
      event.stopPropagation();
      return;
    }
    if (event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const link = event.target.closest("a");
    const href = link && (link.href.baseVal ?? link.href);
    if (!href || !new URL(href, location.href).searchParams.has("at") && !link.dataset.move) return;
    event.preventDefault();
    this.#show(href);
  }

  get #svg() {
    return this.querySelector("svg[viewBox]");
  }

  get #view() {
    const [name, zoom, x, y, most] = this.dataset.view.split(",");
    const [, , width, height] = this.#svg.getAttribute("viewBox").split(" ").map(Number);
    return { name, zoom: +zoom, x: +x, y: +y, most: +most, width, height, scale: 2 ** zoom };
  }

  #down(event) {
    if (!event.target.closest("svg.map, .map svg") || event.button) return;
    this.#pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    this.#from = this.#span();
  }

  #move(event) {
    if (!this.#pointers.has(event.pointerId) || !this.#from) return;
    this.#pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    const to = this.#span();
    if (Math.hypot(to.x - this.#from.x, to.y - this.#from.y) < 6 && Math.abs(to.wide - this.#from.wide) < 12) return;
    this.#moved = true;
    const v = this.#view;
    const unit = v.width / this.#svg.getBoundingClientRect().width;
    const grown = this.#from.wide && to.wide ? to.wide / this.#from.wide : 1;
    this.#preview(((this.#from.x - to.x) * unit) / grown, ((this.#from.y - to.y) * unit) / grown, grown);
  }

  // preview shows at once what the server will draw.
  #preview(dx, dy, grown) {
    const v = this.#view;
    const width = v.width / grown;
    const height = v.height / grown;
    const x = (v.width - width) / 2 + dx;
    const y = (v.height - height) / 2 + dy;
    this.#svg.dataset.box ??= this.#svg.getAttribute("viewBox");
    this.#svg.dataset.by = `${dx} ${dy} ${grown}`;
    this.#svg.setAttribute("viewBox", `${x} ${y} ${width} ${height}`);
  }

  #up(event) {
    if (!this.#pointers.delete(event.pointerId)) return;
    this.#pointers.clear(); // of two fingers the first that is lifted ends it: the other alone would lead elsewhere
    const svg = this.#svg;
    if (!svg?.dataset.box) return;
    svg.setAttribute("viewBox", svg.dataset.box);
    const [dx, dy, grown] = svg.dataset.by.split(" ").map(Number);
    delete svg.dataset.box;
    if (event.type === "pointercancel") return;
    const v = this.#view;
    const step = grown > 1.3 ? 1 : grown < 0.77 ? -1 : 0;
    this.#go(v.zoom + step, v.x + dx / v.scale, v.y + dy / v.scale);
    setTimeout(() => (this.#moved = false));
  }

  // span is where the fingers are, and how far apart.
  #span() {
    const all = [...this.#pointers.values()];
    const x = all.reduce((sum, p) => sum + p.x, 0) / all.length;
    const y = all.reduce((sum, p) => sum + p.y, 0) / all.length;
    return { x, y, wide: all.length > 1 ? Math.hypot(all[0].x - all[1].x, all[0].y - all[1].y) : 0 };
  }

  // A pinch on a touchpad arrives as a wheel with ctrl; a plain wheel scrolls the page.
  #wheel(event) {
    if (!event.ctrlKey || !event.target.closest(".map")) return;
    event.preventDefault();
    if (this.#request) return;
    const v = this.#view;
    const box = this.#svg.getBoundingClientRect();
    const x = v.x + (((event.clientX - box.left) / box.width - 0.5) * v.width) / v.scale;
    const y = v.y + (((event.clientY - box.top) / box.height - 0.5) * v.height) / v.scale;
    this.#go(v.zoom + (event.deltaY < 0 ? 1 : -1), x, y);
  }

  #go(zoom, x, y) {
    const v = this.#view;
    zoom = Math.min(Math.max(zoom, 0), v.most);
    if (zoom === v.zoom && zoom === 0) return;
    const url = new URL(location.href);
    url.searchParams.delete("after");
    if (zoom) url.searchParams.set("at", `${v.name},${zoom},${Math.round(x)},${Math.round(y)}`);
    else url.searchParams.delete("at");
    this.#show(url.href);
  }

  async #show(href) {
    const url = new URL(href, location.href);
    this.#request?.abort();
    const request = (this.#request = new AbortController());
    const focus = this.contains(document.activeElement) ? document.activeElement.dataset?.move ?? "" : null;
    this.dataset.busy = "";
    try {
      const response = await fetch(url, { signal: request.signal, headers: { Accept: "text/html" } });
      const page = new DOMParser().parseFromString(await response.text(), "text/html");
      const map = page.getElementById("map");
      const list = page.getElementById("list");
      if (!map || !list) return location.assign(url);
      this.replaceChildren(...map.childNodes);
      this.dataset.view = map.dataset.view;
      document.getElementById("list")?.replaceWith(list);
      url.hash = "";
      history.replaceState(null, "", url);
      if (focus !== null) (focus && this.querySelector(`[data-move=${focus}]`) || this).focus({ preventScroll: true });
      say(list.querySelector("[role=status]").textContent.trim().replace(/\s+/g, " "));
    } catch (error) {
      if (error.name !== "AbortError") location.assign(url);
    } finally {
      if (this.#request === request) {
        this.#request = null;
        delete this.dataset.busy;
      }
    }
  }
}

customElements.define("town-map", TownMap);
