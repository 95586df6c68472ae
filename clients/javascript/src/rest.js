import { encodeJson } from "./encoding.js";
import { ChatError } from "./errors.js";

const TIMEOUT = 15_000;

/** REST requests as the client's user. Each method returns the parsed body, or throws `ChatError`. */
export class Rest {
  #addresses;
  #fetch;
  #clock;
  credentials = null; // set by the client, because renewing a token needs REST, and REST needs the token

  constructor({ addresses, fetch, clock }) {
    this.#addresses = addresses;
    this.#fetch = fetch;
    this.#clock = clock;
  }

  get(path, query) {
    return this.request("GET", path, { query });
  }

  post(path, body = {}) {
    return this.request("POST", path, { body });
  }

  patch(path, body = {}) {
    return this.request("PATCH", path, { body });
  }

  put(path, body) {
    return this.request("PUT", path, { body });
  }

  delete(path) {
    return this.request("DELETE", path);
  }

  request(method, path, options = {}) {
    return this.authorized(method, (headers) => this.#exchange(method, path, options, headers));
  }

  /** Call `step(headers)` with credentials, and again with a renewed token if the first one is refused. */
  async authorized(method, step) {
    if (!this.credentials?.usesToken) return step(cookieHeaders(method, this.credentials?.pageUser));
    const headers = async (renew) => ({ Authorization: `Bearer ${await this.credentials.token({ renew })}` });
    try {
      return await step(await headers(false));
    } catch (error) {
      if (!(error instanceof ChatError) || error.status !== 401) throw error;
      return step(await headers(true));
    }
  }

  /** Send a request without credentials, because its body contains them. */
  anonymously(method, path, body) {
    return this.#exchange(method, path, { body }, {});
  }

  /** Resolve an address from the server, which may be relative to the address of REST. */
  resolve(address) {
    return new URL(address, `${this.#addresses.rest}/`).href;
  }

  async #exchange(method, path, { body, query }, headers) {
    const aborter = new AbortController();
    const timer = this.#clock.setTimeout(() => aborter.abort(), TIMEOUT);
    try {
      const response = await this.#fetch(this.url(path, query), {
        method,
        headers: { Accept: "application/json", ...(body && { "Content-Type": "application/json" }), ...headers },
        body: body && encodeJson(body),
        credentials: headers.Authorization ? "omit" : "same-origin",
        cache: "no-store",
        signal: aborter.signal,
      });
      return parsed(response.status, await response.text());
    } catch (error) {
      throw error instanceof ChatError ? error : new ChatError("unreachable", `No answer: ${error.message}`);
    } finally {
      this.#clock.clearTimeout(timer);
    }
  }

  /** The address of a path of the server. */
  url(path, query = {}) {
    const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== null);
    const search = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
    return this.#addresses.rest + path + (search && `?${search}`);
  }
}

/** The content of an answer; throws its error. */
export function parsed(status, body) {
  if (status === 204) return null;
  let content;
  try {
    content = JSON.parse(body);
  } catch {
    // Not the server's answer, for example a proxy's error page.
    throw new ChatError(status === 413 ? "too_large" : "unavailable", `The answer (${status}) is not JSON.`, {}, status);
  }
  if (status >= 200 && status < 300) return content;
  if (content?.error?.code) throw ChatError.from(content.error, status);
  throw new ChatError("unavailable", `Refused with ${status}.`, {}, status);
}

/** With a session cookie, Django requires its CSRF cookie in a header too. The server refuses the cookie of another user. */
function cookieHeaders(method, userId) {
  const user = userId ? { "X-Chat-User": userId } : {};
  if (method === "GET") return user;
  const token = /(?:^|;\s*)csrftoken=([^;]+)/.exec(globalThis.document?.cookie ?? "")?.[1];
  return token ? { ...user, "X-CSRFToken": token } : user;
}
