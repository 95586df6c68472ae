import { ChatClient } from "../chat-client/chat-client.js";
import { leaveToAnotherUser } from "./another_user.js";
import { mountInstall } from "./install.js";
import { PushDevice } from "./push_device.js";
import { mountSettings } from "./settings.js";
import { setPreference } from "./preferences.js";
import { setTime } from "./times.js";

/** The page of notification settings: the button for this browser, and its time zone. */
const session = JSON.parse(document.getElementById("session").textContent);
const { rest } = new ChatClient({ url: session.urls.chat, userId: session.me.id });
const device = new PushDevice({ rest, userId: session.me.id, push: session.push });

function mountThisDevice(place) {
  if (!place) return;
  const [button, text] = [place.querySelector("[data-device-on]"), place.querySelector("[data-device-text]")];
  const row = device.id && document.querySelector(`[data-device="${device.id}"]`);
  if (row) {
    row.querySelector("[data-this]").hidden = false;
    row.querySelector("form").addEventListener("submit", (event) => unsubscribe(event));
    return;
  }
  place.hidden = false;
  const reason = unavailableReason();
  button.hidden = reason !== "";
  text.textContent = reason;
  button.addEventListener("click", () => subscribe(button, text));
}

/** Why this browser cannot show pushes. */
function unavailableReason() {
  if (!device.isPossible || !("Notification" in globalThis)) {
    const isApple = /iPhone|iPad/.test(navigator.userAgent);
    return isApple
      ? gettext("On an iPhone or iPad, first add this page to the home screen, and open it from there.")
      : gettext("This browser cannot show notifications while the page is closed.");
  }
  if (Notification.permission !== "denied") return "";
  return gettext("Your browser blocks them for this site. Allow them in its settings for this page.");
}

async function subscribe(button, text) {
  button.disabled = true;
  try {
    if ((await Notification.requestPermission()) !== "granted") {
      text.textContent = gettext("Your browser blocks them for this site. Allow them in its settings for this page.");
      return;
    }
    await device.subscribe();
    setPreference("desktop", "on");
    location.reload();
  } catch (error) {
    console.warn(error);
    text.textContent = gettext("Your browser could not be subscribed. Please try again later.");
  } finally {
    button.disabled = false;
  }
}

async function unsubscribe(event) {
  event.preventDefault();
  setPreference("desktop", null);
  try {
    await device.unsubscribe();
  } catch (error) {
    console.warn(error); // the form removes it on the server
  }
  event.target.submit();
}

/** Suggest the browser's time zone to a person who has chosen none. */
function suggestTimezone(select) {
  const here = new Intl.DateTimeFormat().resolvedOptions().timeZone;
  if ([...select.options].some(({ value }) => value === here)) select.value = here;
}

mountSettings();
leaveToAnotherUser();
mountInstall(document.querySelector("[data-install]"), document.querySelector("[data-install-place]"));
mountThisDevice(document.querySelector("[data-this-device]"));
for (const select of document.querySelectorAll("[data-unset]")) suggestTimezone(select);
for (const time of document.querySelectorAll("time[datetime]")) setTime(time, time.dateTime);
document.documentElement.dataset.ready = "true";
