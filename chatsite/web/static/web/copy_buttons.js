const STAYS = 2_000; // milliseconds

/** Buttons that copy the text of another element, named by `data-copy`. Without scripts they are not there. */
export function mountCopyButtons() {
  if (!navigator.clipboard) return;
  for (const button of document.querySelectorAll("[data-copy]")) {
    button.hidden = false;
    const text = button.textContent;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
      button.textContent = gettext("Copied");
      setTimeout(() => (button.textContent = text), STAYS);
    });
  }
}
