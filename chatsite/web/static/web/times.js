import { locale } from "./thread/locale.js";

const DAY = 86_400_000;
const language = locale();
const formats = {
  clock: new Intl.DateTimeFormat(language, { hour: "numeric", minute: "2-digit" }),
  weekday: new Intl.DateTimeFormat(language, { weekday: "short" }),
  date: new Intl.DateTimeFormat(language, { day: "numeric", month: "short" }),
  year: new Intl.DateTimeFormat(language, { day: "numeric", month: "short", year: "numeric" }),
  full: new Intl.DateTimeFormat(language, { dateStyle: "full", timeStyle: "short" }),
  relative: new Intl.RelativeTimeFormat(language, { numeric: "auto" }),
};

/** The form for lists: the time today, then "Yesterday", the weekday, the date. */
export function shortTime(iso, now = new Date()) {
  const at = new Date(iso);
  const days = Math.round((startOf(now) - startOf(at)) / DAY);
  if (days <= 0) return formats.clock.format(at);
  if (days === 1) return capital(formats.relative.format(-1, "day"));
  if (days < 7) return formats.weekday.format(at);
  return (at.getFullYear() === now.getFullYear() ? formats.date : formats.year).format(at);
}

export function fullTime(iso) {
  return formats.full.format(new Date(iso));
}

/** Fill a <time>. Call it again when the day has changed. */
export function setTime(element, iso) {
  if (element.dateTime !== iso) element.dateTime = iso;
  const text = shortTime(iso);
  if (element.textContent !== text) element.textContent = text;
  element.title = fullTime(iso);
}

function startOf(date) {
  return new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
}

function capital(text) {
  return text.charAt(0).toLocaleUpperCase(language) + text.slice(1);
}
