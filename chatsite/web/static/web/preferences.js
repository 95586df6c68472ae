/** A setting that this browser stores. If storage is forbidden, it lasts as long as the page. */
const here = new Map();

export function getPreference(name) {
  try {
    return localStorage.getItem(`web.${name}`) ?? here.get(name) ?? null;
  } catch {
    return here.get(name) ?? null;
  }
}

/** `null` deletes it. */
export function setPreference(name, value) {
  here.set(name, value);
  try {
    if (value === null) localStorage.removeItem(`web.${name}`);
    else localStorage.setItem(`web.${name}`, value);
  } catch {
    // `here` still has it.
  }
}
