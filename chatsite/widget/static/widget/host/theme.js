/** Follows the page's theme, or the choice of the script tag. Calls `changed()` when the theme may have changed. */
export class Theme {
  #options;
  #system = matchMedia("(prefers-color-scheme: dark)");
  #changed;
  #observer;

  constructor(options, changed) {
    this.#options = options;
    this.#changed = changed;
    this.#observer = new MutationObserver(changed);
    const attributeFilter = ["class", "style", "data-theme"];
    for (const node of [document.documentElement, document.body]) {
      this.#observer.observe(node, { attributes: true, attributeFilter });
    }
    this.#system.addEventListener("change", changed);
  }

  /** "light" or "dark". A page that does not say that it can be dark is light. */
  get name() {
    const { theme } = this.#options;
    if (theme === "light" || theme === "dark") return theme;
    const scheme = theme === "system" ? "light dark" : schemeOfPage();
    if (!scheme.includes("dark")) return "light";
    return scheme.includes("light") && !this.#system.matches ? "light" : "dark";
  }

  end() {
    this.#observer.disconnect();
    this.#system.removeEventListener("change", this.#changed);
  }
}

/** The page's `color-scheme`, from its CSS or its head. */
function schemeOfPage() {
  const { colorScheme } = getComputedStyle(document.documentElement);
  if (colorScheme !== "normal") return colorScheme;
  return document.querySelector('meta[name="color-scheme"]')?.content ?? "";
}
