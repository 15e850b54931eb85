// Toasts leave after eight seconds, unless a person is on them or they ask for something.

const stay = 8000;

export function watchToasts() {
  const region = document.getElementById("toasts");
  if (!region) return;
  for (const toast of region.children) dress(toast, region);
  new MutationObserver((changes) => {
    for (const change of changes) for (const node of change.addedNodes) if (node.matches?.(".toast")) dress(node, region);
  }).observe(region, { childList: true });
}

function dress(toast, region) {
  const asks = toast.querySelector("a, button, form");
  const close = document.createElement("button");
  close.type = "button";
  close.className = "btn btn--quiet btn--sm";
  close.textContent = region.dataset.close;
  close.addEventListener("click", () => toast.remove());
  toast.append(close);
  if (asks) return;
  let timer;
  const start = () => (timer = setTimeout(() => toast.remove(), stay));
  const hold = () => clearTimeout(timer);
  toast.addEventListener("mouseenter", hold);
  toast.addEventListener("focusin", hold);
  toast.addEventListener("mouseleave", start);
  toast.addEventListener("focusout", start);
  start();
}

let voice;

// say reads a sentence out to screen readers without showing it.
export function say(text) {
  if (!voice) {
    voice = document.createElement("p");
    voice.className = "vh";
    voice.setAttribute("role", "status");
    document.body.append(voice);
  }
  voice.textContent = "";
  setTimeout(() => (voice.textContent = text), 50);
}
