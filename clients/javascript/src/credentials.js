import { ChatError, SignedOut } from "./errors.js";
import { claimsOf, userIdOf } from "./identifiers.js";

const SOON = 30_000; // a token that ends within this time is renewed before it is used

/**
 * How the client shows who it is: by a token (`getToken`, or `token` with or without `refresh`), by a ticket on the
 * socket's URL, or by the page's session cookie, which needs nothing from us.
 */
export class Credentials {
  #options;
  #clock;
  #exchange;
  #token;
  #refresh;
  #renewing = null;
  #onTokens;

  /** `exchange(refresh)` asks the server for `{access, refresh}`; `onTokens` hears of each new pair. */
  constructor({ token, refresh, getToken, ticket }, { clock, exchange, onTokens }) {
    this.#options = { getToken, ticket };
    this.#token = token ?? null;
    this.#refresh = refresh ?? null;
    this.#clock = clock;
    this.#exchange = exchange;
    this.#onTokens = onTokens;
  }

  get usesToken() {
    return Boolean(this.#options.getToken || this.#token || this.#refresh);
  }

  get usesTicket() {
    return Boolean(this.#options.ticket);
  }

  /** Whose the token at hand is; null while nobody knows. */
  get userId() {
    return userIdOf(this.#token);
  }

  replaceToken(token) {
    this.#token = token;
  }

  /**
   * A token to show. `renew`: the last one was refused or is about to end. Throws `SignedOut` where there is none;
   * anything else that is thrown (no network, say) is worth another try.
   */
  async token({ renew = false } = {}) {
    if (this.#options.getToken) return this.#ask(renew);
    if (this.#refresh && (renew || this.#endsSoon())) return this.#renew();
    if (renew || !this.#token) throw new SignedOut("The token was refused, and there is no way to a fresh one.");
    return this.#token;
  }

  async ticket() {
    const { ticket } = this.#options;
    if (typeof ticket === "function") return ticket();
    this.#options.ticket = () => {
      throw new SignedOut("A ticket works once. Give a function to be able to reconnect.");
    };
    return ticket;
  }

  async #ask(renew) {
    let token;
    try {
      token = await this.#options.getToken({ renew });
    } catch (error) {
      if (error?.code === "unauthenticated" || error?.status === 401) throw new SignedOut(error.message);
      throw error;
    }
    if (!token) throw new SignedOut("getToken gave no token.");
    this.#token = token;
    return token;
  }

  /** A refresh token works once, so whoever needs a renewal while one is under way shares it. */
  #renew() {
    this.#renewing ??= this.#exchangeTokens().finally(() => (this.#renewing = null));
    return this.#renewing;
  }

  async #exchangeTokens() {
    let tokens;
    try {
      tokens = await this.#exchange(this.#refresh);
    } catch (error) {
      const refused = error instanceof ChatError && ["unauthenticated", "invalid"].includes(error.code);
      throw refused ? new SignedOut(error.message) : error;
    }
    this.#token = tokens.access;
    this.#refresh = tokens.refresh ?? this.#refresh;
    this.#onTokens({ access: this.#token, refresh: this.#refresh });
    return this.#token;
  }

  #endsSoon() {
    const end = claimsOf(this.#token).exp;
    return !this.#token || (end !== undefined && end * 1000 - this.#clock.now() < SOON);
  }
}
