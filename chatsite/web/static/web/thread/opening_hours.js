import { locale } from "./locale.js";
import { gettext, interpolate } from "./texts.js";

const RENEWAL = 5 * 60_000; // milliseconds
const WEEK = 6 * 24 * 3600_000;

/** What customers see of a business: when it opens, while nobody is online, and how fast it usually answers. */
export class OpeningHours {
  text = "";
  answerTime = "";
  #rest;
  #changed;
  #fetchedAt = -Infinity;

  /** `initial`: the server's answer, if the page contains it. */
  constructor(rest, initial, changed) {
    this.#rest = rest;
    this.#changed = changed;
    if (!initial) return;
    Object.assign(this, hoursText(initial));
    this.#fetchedAt = Date.now();
  }

  /** Fetch the hours again if they are old. */
  async renew(businessId) {
    if (Math.abs(Date.now() - this.#fetchedAt) < RENEWAL) return;
    this.#fetchedAt = Date.now();
    try {
      const { text, answerTime } = hoursText(await this.#rest.get(`/chat/businesses/${businessId}/availability`));
      Object.assign(this, { text, answerTime });
      this.#changed();
    } catch {
      // Keep the shown text. The next update tries again.
    }
  }
}

/** `text` says when it opens if it is closed, else the `answerTime`. Either is "" if it is not known. */
export function hoursText({ open, opensAt, answerMinutes }) {
  const words = gettext("Usually answers within %(time)s");
  const answerTime = answerMinutes === null ? "" : interpolate(words, { time: durationText(answerMinutes) });
  if (open !== false) return { text: answerTime, answerTime };
  const opens = opensAt && interpolate(gettext("Closed. Opens %(time)s"), { time: timeText(new Date(opensAt)) });
  return { text: opens || gettext("Closed"), answerTime: "" };
}

function timeText(time) {
  const isSoon = time - Date.now() < WEEK;
  const day = isSoon ? { weekday: "long" } : { day: "numeric", month: "long" };
  return new Intl.DateTimeFormat(locale(), { ...day, hour: "numeric", minute: "2-digit" }).format(time);
}

function durationText(minutes) {
  const [value, unit] = minutes < 60 ? [minutes, "minute"] : minutes < 24 * 60 ? [minutes / 60, "hour"] : [minutes / (24 * 60), "day"];
  return new Intl.NumberFormat(locale(), { style: "unit", unit, unitDisplay: "long" }).format(Math.round(value));
}
