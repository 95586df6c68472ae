// Runs before the first paint, so that the page does not flash in the other theme. A classic script, because modules run later.
(() => {
  document.documentElement.classList.add("scripted");
  try {
    const chosen = localStorage.getItem("web.theme");
    if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
  } catch {
    // The browser forbids storage: use the system's theme.
  }
})();
