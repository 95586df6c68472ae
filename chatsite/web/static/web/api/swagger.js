// Swagger's own dark mode, where the site is dark: by the person's choice, or else by the system's.
(() => {
  const { classList, dataset } = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)");
  const choose = () => classList.toggle("dark-mode", dataset.theme ? dataset.theme === "dark" : system.matches);
  system.addEventListener("change", choose);
  choose();
})();

// Swagger shows the choice of a server without a name for screen readers.
new MutationObserver(() => document.getElementById("servers")?.setAttribute("aria-label", "Server")).observe(
  document.documentElement,
  { childList: true, subtree: true },
);
