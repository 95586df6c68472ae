// Runs before the first paint, so that a chosen theme does not flash in the other one's colours. A classic script: modules wait.
(() => {
  document.documentElement.classList.add("scripted");
  try {
    const chosen = localStorage.getItem("web.theme");
    if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
  } catch {
    // The browser forbids storage: the system's theme it is.
  }
})();
