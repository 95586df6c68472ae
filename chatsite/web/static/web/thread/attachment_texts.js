import { gettext, interpolate, ngettext } from "./texts.js";

const ENDING = /\.[A-Za-z0-9]{1,10}$/;
const KIB = 1024;
const UNITS = ["byte", "kilobyte", "megabyte", "gigabyte"];

/**
 * The text of a message, without the file names that replace a missing text. A file may have another extension by now:
 * the server stores HEIC as JPEG.
 */
export function captionOf({ content, attachments = [] }) {
  const names = attachments.map(({ name }) => `${escapeRegExp(name.replace(ENDING, ""))}(${ENDING.source.slice(0, -1)})?`);
  return attachments.length && new RegExp(`^${names.join(", ")}$`, "u").test(content) ? "" : content;
}

function escapeRegExp(text) {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
}

/** "Photo", "3 photos", "Voice message 0:12", or the name of a file. */
export function filesText(attachments) {
  const [first] = attachments;
  const count = attachments.length;
  const same = attachments.every(({ kind }) => kind === first.kind);
  if (count > 1 && same && first.kind === "image") {
    return interpolate(ngettext("%(count)s photo", "%(count)s photos", count), { count });
  }
  if (count > 1) return interpolate(ngettext("%(count)s file", "%(count)s files", count), { count });
  if (first.kind === "image") return gettext("Photo");
  if (first.kind === "video") return gettext("Video");
  if (first.kind !== "voice") return first.name;
  return first.durationMs === null ? gettext("Voice message") : `${gettext("Voice message")} ${durationText(first.durationMs)}`;
}

/** "0:12", "1:04:09". */
export function durationText(milliseconds) {
  const seconds = Math.round((milliseconds ?? 0) / 1000);
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  const padded = (number) => String(number).padStart(2, "0");
  const end = padded(seconds % 60);
  return hours ? `${hours}:${padded(minutes)}:${end}` : `${minutes}:${end}`;
}

/** "2.3 MB", in the language of the page. */
export function sizeText(bytes) {
  let [value, unit] = [bytes, 0];
  for (; value >= KIB && unit < UNITS.length - 1; unit += 1) value /= KIB;
  const digits = unit > 1 && value < 100 ? 1 : 0;
  const style = { style: "unit", unit: UNITS[unit], unitDisplay: unit ? "short" : "long", maximumFractionDigits: digits };
  return new Intl.NumberFormat(document.documentElement.lang || "en", style).format(value);
}

/** "PDF", from the name. Only the server knows the type of the bytes. */
export function typeText(name) {
  const ending = /\.([a-z0-9]{1,8})$/i.exec(name)?.[1];
  return ending ? ending.toUpperCase() : gettext("File");
}

const REFUSALS = {
  too_large: (limit) =>
    limit ? interpolate(gettext("The file is too large. The limit is %(limit)s."), { limit: sizeText(limit) }) : gettext("The file is too large."),
  unsupported_media_type: () => gettext("Files of this type cannot be sent."),
  file_lost: () => gettext("The file is no longer in this browser. Please choose it again."),
  unreachable: () => gettext("The connection ended while the file was uploading."),
  frozen: () => gettext("The conversation has been closed."),
  not_found: () => gettext("Files cannot be sent here."),
};

/** Why a message with files was not sent. */
export function refusalText({ code, message }, limit) {
  return REFUSALS[code]?.(limit) ?? message ?? "";
}
