import { make, show } from "./dom.js";

const PATIENCE = 800; // milliseconds before a lost connection is shown

/** The line at the top that says that the page may be out of date. */
export function mountConnectionBanner(banner, { client, signIn }) {
  let timer = null;
  let wasReady = false;

  const showBanner = (kind, ...content) => {
    banner.dataset.kind = kind;
    banner.replaceChildren(...content);
    show(banner, true);
  };
  const showLost = () => {
    timer = null;
    if (client.state === "signed_out") return;
    if (navigator.onLine === false) showBanner("offline", gettext("You are offline. Your messages are sent when you are back online."));
    else showBanner("waiting", gettext("Reconnecting to chat…"));
  };
  const onState = (state) => {
    clearTimeout(timer);
    if (state === "ready") {
      wasReady = true;
      show(banner, false);
    } else if (state === "signed_out") {
      const here = encodeURIComponent(location.pathname + location.search);
      showBanner("out", gettext("You have been signed out."), " ", make("a", { href: `${signIn}?next=${here}` }, gettext("Sign in again")));
    } else if (banner.hidden) {
      timer = setTimeout(showLost, wasReady ? PATIENCE : 4 * PATIENCE);
    } else showLost();
  };
  client.on("state", onState);
  addEventListener("offline", showLost);
  addEventListener("online", () => client.isConnected && show(banner, false));
}
