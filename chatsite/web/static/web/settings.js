import { getPreference, setPreference } from "./preferences.js";

/** Close menus on an outside click and on Escape, apply the theme, and submit the language at once. */
export function mountSettings(root = document) {
  for (const element of root.querySelectorAll("[data-without-script]")) element.hidden = true;
  for (const menu of root.querySelectorAll("details[data-menu]")) mountMenu(menu);
  for (const choice of root.querySelectorAll("[data-theme-choice]")) mountTheme(choice);
  for (const form of root.querySelectorAll("[data-language]")) {
    form.querySelector("select").addEventListener("change", () => form.requestSubmit());
  }
}

function mountMenu(menu) {
  document.addEventListener("click", (event) => menu.contains(event.target) || menu.removeAttribute("open"));
  menu.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !menu.open) return;
    event.stopPropagation();
    menu.removeAttribute("open");
    menu.querySelector("summary").focus();
  });
}

function mountTheme(choice) {
  choice.hidden = false;
  const now = getPreference("theme") ?? "system";
  for (const radio of choice.querySelectorAll("input")) {
    radio.checked = radio.value === now;
    radio.addEventListener("change", () => setTheme(radio.value));
  }
}

function setTheme(theme) {
  setPreference("theme", theme === "system" ? null : theme);
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}
