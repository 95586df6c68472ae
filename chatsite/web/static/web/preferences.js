/** A choice that this browser keeps; where storage is forbidden it lives as long as the page. */
const here = new Map();

export function getPreference(name) {
  try {
    return localStorage.getItem(`web.${name}`) ?? here.get(name) ?? null;
  } catch {
    return here.get(name) ?? null;
  }
}

/** `null` forgets it. */
export function setPreference(name, value) {
  here.set(name, value);
  try {
    if (value === null) localStorage.removeItem(`web.${name}`);
    else localStorage.setItem(`web.${name}`, value);
  } catch {
    // `here` has it.
  }
}
