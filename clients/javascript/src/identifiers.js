/** A random UUID. `crypto.randomUUID` is missing on pages served without TLS, `getRandomValues` is not. */
export function randomId(source = globalThis.crypto) {
  if (typeof source?.randomUUID === "function") return source.randomUUID();
  const bytes = new Uint8Array(16);
  if (typeof source?.getRandomValues === "function") source.getRandomValues(bytes);
  else bytes.forEach((_, index) => (bytes[index] = Math.floor(Math.random() * 256)));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

/** The claims of a JWT, which only the server verifies. `{}` for a token of another kind. */
export function claimsOf(token) {
  const payload = String(token ?? "").split(".")[1];
  if (!payload) return {};
  try {
    const claims = JSON.parse(atob(payload.replaceAll("-", "+").replaceAll("_", "/")));
    return claims && typeof claims === "object" ? claims : {};
  } catch {
    return {}; // an opaque token: the server's answer to `authenticate` names the user
  }
}

export function userIdOf(token) {
  const id = claimsOf(token).user_id;
  return id === undefined ? null : String(id);
}
