import { ChatError } from "../../chat-client/chat-client.js";
import { FrameStorage } from "./frame_storage.js";
import { ROOT } from "./root.js";

/**
 * The visitor's login. It belongs to this tab, because a refresh token works only once. A reload finds it
 * again. A guest's key is stored permanently, because a guest has no other login.
 */
export class Sessions {
  #business;
  #storage;

  constructor(business, host) {
    this.#business = business;
    this.#storage = new FrameStorage(business, host);
  }

  /** The stored session if its person matches the token, or a new one. */
  async ofToken(token) {
    const { iss, sub, name = "", attributes = null } = claimsOf(token);
    const person = JSON.stringify([iss, sub, name, attributes]);
    const kept = this.#storage.session;
    if (kept?.person === person) return kept;
    if (kept) await this.#logOut(kept);
    return this.#store(await ask("/widget/sessions", { token, openConversation: false }), { person });
  }

  /** The session of a returning guest; null if there was none. */
  async ofKnownGuest() {
    const kept = this.#storage.session;
    if (kept?.person === "guest") return kept;
    await this.leaveSigned();
    const guest = this.#storage.guest;
    if (!guest) return null;
    try {
      return await this.#startAsGuest({ guest });
    } catch (error) {
      if (error.code !== "unauthenticated") throw error;
      this.#storage.guest = null; // the guest has been erased
      return null;
    }
  }

  /** `given`: what the guest has said in the form before the chat. */
  newGuest(given) {
    return this.#startAsGuest(given);
  }

  /** Store the guest's name and address. This needs a separate login, which ends at once. */
  async introduce({ name = "", email = "" }) {
    const body = { business: this.#business, guest: this.#storage.guest, name, email };
    const { refresh } = await ask("/widget/guest-sessions", body);
    await ask("/auth/logout", { refresh });
  }

  /** The host no longer names this person, so end the login. */
  async leaveSigned() {
    const kept = this.#storage.session;
    if (kept && kept.person !== "guest") await this.#logOut(kept);
    return null;
  }

  /** The visitor's conversation has begun. */
  began(conversationId) {
    this.#storage.session = { ...this.#storage.session, conversationId };
  }

  renewed({ access, refresh }) {
    this.#storage.session = { ...this.#storage.session, access, refresh };
  }

  /** Forget the stored session, which is no longer valid. */
  drop() {
    this.#storage.session = null;
  }

  /** The visitor has signed out: delete everything from this browser. */
  async end() {
    const kept = this.#storage.session;
    this.#storage.guest = null;
    if (!kept) return;
    await this.#storage.forget(kept.user.id);
    await this.#logOut(kept);
  }

  async #startAsGuest(body) {
    const answer = await ask("/widget/guest-sessions", { business: this.#business, ...body });
    this.#storage.guest = answer.guest;
    return this.#store(answer, { person: "guest" });
  }

  #store({ access, refresh, user, conversation }, { person }) {
    this.#storage.session = { person, access, refresh, user, conversationId: conversation?.id ?? null };
    return this.#storage.session;
  }

  async #logOut({ refresh }) {
    this.#storage.session = null;
    try {
      await ask("/auth/logout", { refresh });
    } catch (error) {
      if (error.code !== "unauthenticated" && error.code !== "unreachable") throw error; // it has ended already, or expires by itself
    }
  }
}

async function ask(path, body) {
  let response;
  try {
    response = await fetch(ROOT + path, {
      method: "POST",
      headers: { Accept: "application/json", "Content-Type": "application/json" },
      body: JSON.stringify(body),
      credentials: "omit",
      signal: AbortSignal.timeout(15_000),
    });
  } catch (error) {
    throw new ChatError("unreachable", error.message);
  }
  if (response.status === 204) return null;
  const answer = await response.json().catch(() => ({}));
  if (response.ok) return answer;
  const { code = "unreachable", message = response.statusText, details } = answer.error ?? {};
  throw new ChatError(code, message, details, response.status);
}

/** The claims of a token, only to find out whether the person is known. The server verifies the token itself. */
function claimsOf(token) {
  try {
    const bytes = atob(token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/"));
    return JSON.parse(new TextDecoder().decode(Uint8Array.from(bytes, (character) => character.charCodeAt(0))));
  } catch {
    return {};
  }
}
