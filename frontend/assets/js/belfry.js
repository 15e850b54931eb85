// Loaded on every page. Everything works without it: it saves reloads and fetches the modules a page has use for.
document.documentElement.dataset.scripts = "on";
