// A form with data-swap="id other-id" is sent in the background. The answer is the same whole page as ever; the region
// of the first id, those of the others that both pages have, and what the server has to say, are taken out of it and put in
// place. A button that shares a form with many others may have a data-swap of its own.

import { say } from "./toast.js";

export const swapped = "belfry:swapped";
const always = ["toasts", "notices"];
const plain = new WeakSet(); // forms that are just being sent so

export async function swapForm(event) {
  const form = event.target;
  const button = event.submitter;
  if (plain.delete(form)) return;
  clearTimeout(waiting);
  const own = button?.dataset.swap;
  const ids = (own || form.dataset.swap).match(/\S+/g);
  const regions = ids.map((id) => document.getElementById(id));
  if (!regions[0]) return;
  const holder = own ? regions[0] : form;
  event.preventDefault();
  if (holder.dataset.busy) return;
  holder.dataset.busy = "1";
  regions[0].ariaBusy = "true";
  let page;
  try {
    page = await send(form, button);
  } catch {
    if (form.dataset.lost) return keepFor(form, button);
    // Nothing came back: the browser tries by itself, and shows its own message when it cannot either.
    submitPlainly(form, button);
    return;
  } finally {
    delete holder.dataset.busy;
    regions[0].ariaBusy = null;
  }
  if (page.later) return form.dataset.lost ? keepFor(form, button) : stay(page.document);
  if (!page.document.getElementById(ids[0])) {
    // A refusal has changed nothing and is shown as it is; otherwise the answer is another page.
    if (page.ok) location.assign(page.url);
    else submitPlainly(form, button);
    return;
  }
  const back = whereFocusGoes(regions.filter(Boolean));
  for (const id of [...ids, ...always]) replace(id, page.document);
  if (form.method === "get") history.replaceState(null, "", page.url);
  back();
}

// Where the server can do nothing for now, the form stays as it is and a toast tells what the server says. A proxy in its
// place says nothing that people understand.
function stay(page) {
  const toasts = document.getElementById("toasts");
  toasts.innerHTML = '<div class="toast"></div>';
  toasts.firstChild.textContent = `${page.querySelector("[data-said]")?.textContent ?? toasts.dataset.silent} ${toasts.dataset.kept}`;
}

// A form with data-lost stays where it is when the network is gone: the page says so in these words, and what was
// pressed last is sent when the network is back. Pressing again replaces what waits.
const again = 3000;
let waiting;

function keepFor(form, button) {
  let sign = form.querySelector("[data-sign-lost]");
  if (!sign) {
    sign = document.createElement("p");
    sign.className = "notice notice--wait";
    sign.role = "status";
    sign.dataset.signLost = "";
    sign.textContent = form.dataset.lost;
    form.prepend(sign);
  }
  clearTimeout(waiting);
  waiting = setTimeout(() => form.isConnected && form.requestSubmit(button?.isConnected ? button : undefined), again);
}

async function send(form, button) {
  const data = new FormData(form, button);
  const url = new URL(button?.getAttribute("formaction") ? button.formAction : form.action);
  const options = { headers: { Accept: "text/html" }, credentials: "same-origin" };
  if (form.method === "get") {
    url.search = new URLSearchParams(data).toString();
  } else {
    options.method = "POST";
    options.body = form.enctype === "multipart/form-data" ? data : new URLSearchParams(data);
  }
  const response = await fetch(url, options);
  if (!response.headers.get("Content-Type")?.startsWith("text/html")) throw new Error("not a page");
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  return { document: page, url: response.url, ok: response.ok, later: response.status > 501 };
}

// The browser sends the form as it would have without this module.
function submitPlainly(form, button) {
  plain.add(form);
  form.requestSubmit(button);
}

function replace(id, page) {
  const old = document.getElementById(id);
  const fresh = page.getElementById(id);
  if (!old || !fresh) return;
  const before = statusOf(old);
  old.className = fresh.className;
  old.replaceChildren(...fresh.childNodes);
  if (always.includes(id)) return;
  old.dispatchEvent(new CustomEvent(swapped, { bubbles: true }));
  // A live region that was replaced with its surroundings is not read out: say it in one that stayed.
  const now = statusOf(old);
  if (now && now !== before) say(now);
}

function statusOf(region) {
  return region.querySelector('[role="status"]')?.textContent.trim() ?? "";
}

// whereFocusGoes remembers the focused control and gives a function that finds it again: by id, else by name and value.
function whereFocusGoes(regions) {
  const held = document.activeElement;
  const region = regions.find((candidate) => candidate.contains(held));
  if (!region) return () => {};
  const { id, name, value } = held;
  return () => {
    const problems = region.querySelector('[role="alert"]');
    const twin = id ? document.getElementById(id) : undefined;
    const same = [...region.querySelectorAll("button, input, select, textarea")].find(
      (control) => name && control.name === name && (control.tagName !== "BUTTON" || control.value === value),
    );
    const goal = problems ?? twin ?? same ?? region;
    if (goal === region) region.tabIndex = -1;
    goal.focus({ preventScroll: goal !== problems });
  };
}
