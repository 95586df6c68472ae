import { setTime } from "./times.js";
import { endSubscription } from "./push_device.js";
import { mountSettings } from "./settings.js";

mountSettings();
const signedOut = document.querySelector("[data-entrance]");
if (signedOut) endSubscription(signedOut.dataset.worker).catch((error) => console.warn(error));
for (const time of document.querySelectorAll("time[datetime]")) setTime(time, time.dateTime);
