// Names that Django admin's pages leave out for a screen reader. Its own scripts build some of the fields first.
const mend = () => {
  document.querySelector("#searchbar")?.setAttribute("aria-label", "Search");
  for (const icon of document.querySelectorAll("span.help-tooltip[aria-label]")) icon.setAttribute("role", "img");
  for (const choice of document.querySelectorAll(".select2-selection--single")) {
    const field = choice.closest(".select2-container").previousElementSibling;
    const label = field?.labels?.[0];
    const chosen = choice.querySelector(".select2-selection__rendered");
    if (!label || !chosen) continue;
    label.id ||= `label-of-${field.id}`;
    choice.setAttribute("aria-labelledby", `${label.id} ${chosen.id}`);
    chosen.setAttribute("aria-labelledby", label.id);
  }
};
addEventListener("load", () => setTimeout(mend));
