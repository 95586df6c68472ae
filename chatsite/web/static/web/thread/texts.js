/** The page's text catalogue (Django's JavaScriptCatalog). The texts are English if the page has none. */
export function gettext(text) {
  return globalThis.gettext?.(text) ?? text;
}

export function ngettext(singular, plural, count) {
  return globalThis.ngettext?.(singular, plural, count) ?? (count === 1 ? singular : plural);
}

/** `%(name)s` replaced by the value of that name. */
export function interpolate(text, values) {
  return text.replace(/%\((\w+)\)s/g, (whole, name) => (name in values ? String(values[name]) : whole));
}
