/** Buttons beside password fields: what has been typed is shown, and hidden again before it is sent. */
export function mountShowPassword() {
  for (const button of document.querySelectorAll("[data-show-password]")) {
    const field = button.parentElement.querySelector("input");
    button.hidden = false;
    button.addEventListener("click", () => show(button, field, field.type === "password"));
    // Browsers remember passwords, and offer to, of fields of this type alone.
    field.form.addEventListener("submit", () => show(button, field, false));
  }
}

function show(button, field, isShown) {
  field.type = isShown ? "text" : "password";
  button.setAttribute("aria-pressed", String(isShown));
}
