// Adds what the templates of Django REST framework lack for screen readers and the keyboard.
document.documentElement.lang = "en";

document.querySelectorAll(".form-group > label:not([for])").forEach((label, index) => {
  const field = label.parentElement.querySelector("input:not([type=hidden]), select, textarea");
  if (!field || label.contains(field)) return;
  field.id ||= `field-${index}`;
  label.htmlFor = field.id;
});
for (const button of document.querySelectorAll("[data-toggle=dropdown]:not([aria-label])")) {
  if (!button.textContent.trim()) button.setAttribute("aria-label", "Format of the answer");
}
for (const scrolled of document.querySelectorAll("pre")) scrolled.tabIndex = 0; // so that arrow keys scroll it
