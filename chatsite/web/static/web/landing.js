import { leaveToAnotherUser } from "./another_user.js";
import { setTime } from "./times.js";
import { endSubscription } from "./push_device.js";
import { mountSettings } from "./settings.js";
import { mountShowPassword } from "./show_password.js";

mountSettings();
leaveToAnotherUser();
mountShowPassword();
const signedOut = document.querySelector("[data-entrance]");
if (signedOut) endSubscription(signedOut.dataset.worker).catch((error) => console.warn(error));
for (const time of document.querySelectorAll("time[datetime]")) setTime(time, time.dateTime);
