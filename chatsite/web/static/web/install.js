/** A button that installs the page as an app, if the browser offers it. */
export function mountInstall(button) {
  if (!button) return;
  let offer = null;
  addEventListener("beforeinstallprompt", (event) => {
    event.preventDefault(); // suppress the browser's own banner
    offer = event;
    button.hidden = false;
  });
  addEventListener("appinstalled", () => (button.hidden = true));
  button.addEventListener("click", async () => {
    button.hidden = true;
    await offer.prompt();
  });
}
