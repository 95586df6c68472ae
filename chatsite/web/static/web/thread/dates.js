import { locale } from "./locale.js";
import { gettext, interpolate, ngettext } from "./texts.js";

const MINUTE = 60_000;
const DAY = 86_400_000;

const formats = new Map();

function format(options) {
  const key = JSON.stringify([locale(), options]);
  if (!formats.has(key)) formats.set(key, new Intl.DateTimeFormat(locale(), options));
  return formats.get(key);
}

/** The day in the user's time zone. */
export function dayKey(date) {
  return `${date.getFullYear()}-${date.getMonth() + 1}-${date.getDate()}`;
}

function daysAgo(date) {
  const midnight = (moment) => new Date(moment.getFullYear(), moment.getMonth(), moment.getDate()).getTime();
  return Math.round((midnight(new Date()) - midnight(date)) / DAY);
}

export function dayLabel(date) {
  const ago = daysAgo(date);
  if (ago === 0) return gettext("Today");
  if (ago === 1) return gettext("Yesterday");
  if (ago > 1 && ago < 7) return format({ weekday: "long" }).format(date);
  const sameYear = date.getFullYear() === new Date().getFullYear();
  const day = { weekday: "short", day: "numeric", month: "long" };
  return format(sameYear ? day : { day: "numeric", month: "long", year: "numeric" }).format(date);
}

export function clockTime(date) {
  return format({ hour: "numeric", minute: "2-digit" }).format(date);
}

export function fullTime(date) {
  return format({ dateStyle: "full", timeStyle: "short" }).format(date);
}

/** "Last seen …", with a precision that fits the age. */
export function lastSeenLabel(date) {
  const minutes = Math.floor((Date.now() - date.getTime()) / MINUTE);
  if (minutes < 1) return gettext("Last seen just now");
  if (minutes < 60) {
    const text = ngettext("Last seen %(count)s minute ago", "Last seen %(count)s minutes ago", minutes);
    return interpolate(text, { count: minutes });
  }
  if (daysAgo(date) === 0) return interpolate(gettext("Last seen today at %(time)s"), { time: clockTime(date) });
  if (daysAgo(date) === 1) return interpolate(gettext("Last seen yesterday at %(time)s"), { time: clockTime(date) });
  return interpolate(gettext("Last seen %(day)s"), { day: format({ dateStyle: "medium" }).format(date) });
}
