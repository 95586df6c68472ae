/** The server's addresses: `ws(s)://…/chat` for the socket, and the same host over http(s) for REST. */
export class Addresses {
  #sockets;
  #current = 0;
  #rest;

  /** `url` may be relative to the page, http(s) or ws(s), with or without the path; or a list to try in turn. */
  constructor(url, restUrl) {
    const given = Array.isArray(url) ? url : [url ?? "/chat"];
    if (given.length === 0) throw new TypeError("ChatClient needs a url");
    this.#sockets = given.map(socketUrl);
    this.#rest = restUrl ? new URL(restUrl, pageUrl()).href.replace(/\/+$/, "") : null;
  }

  get socket() {
    return this.#sockets[this.#current];
  }

  get rest() {
    if (this.#rest) return this.#rest;
    const url = new URL(this.socket);
    url.protocol = url.protocol === "wss:" ? "https:" : "http:";
    return url.origin + url.pathname.replace(/\/chat\/?$/, "");
  }

  /** Use the next address for the next attempt, because this one does not answer. */
  rotate() {
    this.#current = (this.#current + 1) % this.#sockets.length;
  }
}

function pageUrl() {
  return globalThis.location?.href;
}

function socketUrl(given) {
  const url = new URL(given, pageUrl());
  url.protocol = { "http:": "ws:", "https:": "wss:" }[url.protocol] ?? url.protocol;
  if (url.pathname === "/") url.pathname = "/chat";
  return url.href;
}
