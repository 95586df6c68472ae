import { locale } from "../thread/locale.js";

/** The texts for the values of a team's state. */
export function statusText({ status, snoozedUntil, handedOverAt }) {
  if (handedOverAt) return gettext("Waiting for a person");
  if (status === "snoozed") return interpolate(gettext("Snoozed until %(time)s"), { time: shortTime(new Date(snoozedUntil)) }, true);
  return STATUSES[status]();
}

export const STATUSES = {
  open: () => gettext("Open"),
  pending: () => gettext("Pending"),
  snoozed: () => gettext("Snoozed"),
  resolved: () => gettext("Resolved"),
};

export const PRIORITIES = {
  low: () => gettext("Low"),
  medium: () => gettext("Medium"),
  high: () => gettext("High"),
  urgent: () => gettext("Urgent"),
};

export function shortTime(date) {
  const isToday = date.toDateString() === new Date().toDateString();
  const day = isToday ? {} : { day: "numeric", month: "short" };
  return date.toLocaleString(locale(), { ...day, hour: "numeric", minute: "2-digit" });
}
