// Loaded on every page. Without it everything works; with it menus close, forms answer in place, toasts pass by, and
// the elements a page really has fetch their own module.

import { swapForm, swapped } from "./swap.js";
import { watchToasts } from "./toast.js";

const elements = {
  "town-search": () => import("./town-search.js"),
  "town-map": () => import("./town-map.js"),
  "markdown-preview": () => import("./markdown-preview.js"),
  "local-draft": () => import("./local-draft.js"),
  "copy-button": () => import("./copy-button.js"),
  "print-button": () => import("./print-button.js"),
  "agenda-order": () => import("./agenda-order.js"),
  "room-screen": () => import("./room-screen.js"),
  "server-draft": () => import("./server-draft.js"),
  "post-toolbar": () => import("./post-toolbar.js"),
  "mention-list": () => import("./mention-list.js"),
  "chat-room": () => import("./chat-room.js"),
  "thread-news": () => setTimeout(() => import("./thread-news.js"), 4000), // the page is useful first
  "live-page": () => setTimeout(() => import("./live-page.js"), 4000),
};

function wake(root) {
  for (const [name, load] of Object.entries(elements)) {
    if (!customElements.get(name) && root.querySelector(name)) load();
  }
}

function closeMenus(except) {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!except || !menu.contains(except)) menu.open = false;
  }
}

document.addEventListener("click", (event) => closeMenus(event.target));

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const menu = document.activeElement?.closest?.("details.menu[open]");
  closeMenus();
  menu?.querySelector("summary").focus();
});

document.addEventListener("submit", (event) => {
  if ((event.submitter?.dataset.swap || event.target.dataset.swap) && !event.defaultPrevented) swapForm(event);
});

document.addEventListener(swapped, (event) => wake(event.target));

watchToasts();
wake(document);

// A form that was refused says so first.
document.getElementById("problems")?.focus();
