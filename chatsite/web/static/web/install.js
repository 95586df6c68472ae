/** Connect the button that installs the page as an app. `place`, the button or its section, shows if the browser offers it. */
export function mountInstall(button, place = button) {
  if (!button) return;
  let offer = null;
  addEventListener("beforeinstallprompt", (event) => {
    event.preventDefault(); // no banner of the browser's own
    offer = event;
    place.hidden = false;
  });
  addEventListener("appinstalled", () => (place.hidden = true));
  button.addEventListener("click", async () => {
    place.hidden = true; // an offer can be used once; the browser makes another one
    await offer.prompt();
  });
}
