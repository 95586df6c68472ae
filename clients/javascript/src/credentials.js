import { ChatError, SignedOut } from "./errors.js";
import { claimsOf, userIdOf } from "./identifiers.js";

const SOON = 30_000; // milliseconds: a token that expires within this time is renewed before it is used

/**
 * The client's credentials: a token (`getToken`, or `token` with or without `refresh`), a ticket in the
 * socket's URL, or the page's session cookie, which the browser sends.
 */
export class Credentials {
  pageUser = null; // the user for whom the page was made; another one may have signed in since, in another tab
  #options;
  #clock;
  #exchange;
  #token;
  #refresh;
  #renewing = null;
  #onTokens;

  /** `exchange(refresh)` fetches `{access, refresh}` from the server; `onTokens` is called with each new pair. */
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

  /** The user id of the current token; null if it is not known. */
  get userId() {
    return userIdOf(this.#token);
  }

  replaceToken(token) {
    this.#token = token;
  }

  /**
   * Return a token. `renew`: the last one was refused or is about to expire. Throws `SignedOut` if there is none.
   * After any other error, such as no network, the caller can try again.
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

  /** A refresh token works once, so concurrent callers share one renewal. */
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
