import { setTime } from "./times.js";
import { mountSettings } from "./settings.js";

mountSettings();
for (const time of document.querySelectorAll("time[datetime]")) setTime(time, time.dateTime);
