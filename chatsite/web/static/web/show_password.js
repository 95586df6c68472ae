/** Buttons that show the password in a field. The form hides it again before it is sent. */
export function mountShowPassword() {
  for (const button of document.querySelectorAll("[data-show-password]")) {
    const field = button.parentElement.querySelector("input");
    button.hidden = false;
    button.addEventListener("click", () => show(button, field, field.type === "password"));
    // Browsers offer to save passwords only from fields of this type.
    field.form.addEventListener("submit", () => show(button, field, false));
  }
}

function show(button, field, isShown) {
  field.type = isShown ? "text" : "password";
  button.setAttribute("aria-pressed", String(isShown));
}
