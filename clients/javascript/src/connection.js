import { backoff } from "./clock.js";
import { Emitter } from "./emitter.js";
import { ChatError, SignedOut } from "./errors.js";
import { Code, ChatSocket, disconnected } from "./socket.js";

const STABLE = 5_000; // milliseconds after which a socket resets the count of failures
const MAX_REFUSALS = 2; // consecutive refusals of renewed credentials until the user counts as signed out

/**
 * Keeps one authenticated socket up. Emits `identified` and then `ready` ({userId}), `state`, `event` ({event, data}),
 * `heartbeat`, `lost` ({code}), `trouble` (a handled error) and `signed_out`.
 */
export class Connection extends Emitter {
  #options;
  #clock;
  #socket = null;
  #wanted = false;
  #serial = 0; // detects steps of an abandoned attempt
  #failures = 0;
  #refusals = 0;
  #serverDelay = null; // milliseconds after which to reconnect, from a server that stops
  #timers = {};
  state = "closed";

  /** `options`: addresses, credentials, WebSocket, clock, heartbeat, answerWithin, connectWithin. */
  constructor(options) {
    super();
    this.#options = options;
    this.#clock = options.clock;
  }

  get isReady() {
    return this.state === "ready";
  }

  open() {
    if (this.#wanted) return;
    this.#wanted = true;
    this.#refusals = 0;
    this.#attempt();
  }

  close() {
    this.#wanted = false;
    this.#abandon();
    this.#setState("closed");
  }

  /** The network is back, or the user looks at the page: connect now instead of later, and check the socket. */
  wake() {
    if (this.state === "waiting") this.#attempt();
    else if (this.isReady) this.beat();
  }

  /** Send a command on the live socket. Returns its ack; throws `disconnected` if there is no socket. */
  request(event, data = {}, timeout = 15_000) {
    if (!this.isReady) return Promise.reject(disconnected());
    return this.#socket.request(event, data, timeout);
  }

  /** Authenticate again with a new token on the open socket. */
  async reauthenticate(token) {
    if (this.isReady) await this.#socket.request("authenticate", { token }, this.#options.answerWithin);
  }

  /** Send a heartbeat, which returns how far the server has come. Without an answer the socket is dead. */
  beat() {
    const socket = this.#socket;
    const { answerWithin, heartbeat } = this.#options;
    const { heard } = socket;
    this.#schedule("beat", heartbeat, () => this.beat());
    socket.request("heartbeat", {}, answerWithin).then(
      (answer) => this.emit("heartbeat", answer),
      (error) => {
        if (error.code === "timeout" && socket.heard === heard) socket.drop(Code.LOST, "half-open");
        else if (error.code !== "disconnected") this.emit("trouble", error);
      },
    );
  }

  async #attempt() {
    this.#abandon();
    const serial = this.#serial;
    this.#setState("connecting");
    try {
      const { url, token } = await this.#prepare();
      if (serial === this.#serial) this.#dial(url, token);
    } catch (error) {
      if (serial !== this.#serial) return;
      if (error instanceof SignedOut) return this.#signOut(error);
      this.emit("trouble", error);
      this.#retryLater();
    }
  }

  async #prepare() {
    const { addresses, credentials } = this.#options;
    if (credentials.usesTicket) {
      const ticket = encodeURIComponent(await credentials.ticket());
      return { url: `${addresses.socket}?ticket=${ticket}`, token: null };
    }
    if (!credentials.usesToken) return { url: ofUser(addresses.socket, credentials.pageUser), token: null };
    return { url: addresses.socket, token: await credentials.token({ renew: this.#refusals > 0 }) };
  }

  #dial(url, token) {
    const serial = this.#serial;
    const mine = (step) => (...values) => serial === this.#serial && step(...values);
    const socket = new ChatSocket(new this.#options.WebSocket(url), this.#clock, {
      opened: mine(() => this.#authenticate(socket, token)),
      event: mine((frame) => this.#take(frame)),
      ended: mine((code, reason) => this.#lost(code, reason)),
    });
    this.#socket = socket;
    this.#schedule("connect", this.#options.connectWithin, () => socket.drop(Code.LOST, "no connection in time"));
  }

  /** The handshake had a ticket or a cookie. The answer to any command shows that it was accepted. */
  async #authenticate(socket, token) {
    const [event, data] = token ? ["authenticate", { token }] : ["heartbeat", {}];
    try {
      const answer = await socket.request(event, data, this.#options.connectWithin);
      if (socket === this.#socket) this.#becomeReady(answer.userId ?? null);
    } catch (error) {
      if (error.code === "unauthenticated") socket.drop(Code.UNAUTHENTICATED, error.message);
      else socket.drop(Code.LOST, error.message);
    }
  }

  #becomeReady(userId) {
    this.#cancel("connect");
    this.#schedule("stable", STABLE, () => {
      this.#failures = 0;
      this.#refusals = 0;
    });
    this.#schedule("beat", this.#options.heartbeat, () => this.beat());
    this.emit("identified", { userId }); // before anything is sent
    this.#setState("ready");
    this.emit("ready", { userId });
  }

  #take(frame) {
    if (frame.event === "session_expiring") this.#renewInTime();
    if (frame.event === "server_stopping") this.#serverDelay = frame.data.retryAfter * 1_000;
    this.emit("event", frame);
  }

  /** If this fails, the server closes with 4401 within a minute, and the client reconnects with new credentials. */
  async #renewInTime() {
    const { credentials } = this.#options;
    if (!credentials.usesToken) return;
    try {
      await this.reauthenticate(await credentials.token({ renew: true }));
    } catch (error) {
      this.emit("trouble", error);
    }
  }

  #lost(code, reason) {
    const serverDelay = this.#serverDelay;
    this.#abandon();
    this.emit("lost", { code, reason });
    if (!this.#wanted) return;
    if (code !== Code.UNAUTHENTICATED) {
      this.#options.addresses.rotate();
      this.#retryLater({ flooded: code === Code.FLOOD, serverDelay });
    } else if (++this.#refusals > MAX_REFUSALS) {
      this.#signOut(new SignedOut(reason || "The credentials were refused."));
    } else {
      this.#attempt();
    }
  }

  #retryLater(circumstances) {
    this.#setState("waiting");
    const delay = backoff(this.#clock, this.#failures++, circumstances);
    this.#schedule("retry", delay, () => this.#attempt());
  }

  #signOut(error) {
    this.#wanted = false;
    this.#abandon();
    this.#setState("signed_out");
    this.emit("signed_out", new ChatError("unauthenticated", error.message));
  }

  /** Drop the current attempt or socket, in any state. */
  #abandon() {
    this.#serial += 1;
    this.#serverDelay = null;
    for (const name of Object.keys(this.#timers)) this.#cancel(name);
    const socket = this.#socket;
    this.#socket = null;
    socket?.drop(Code.LOST, "closed by the client");
  }

  #setState(state) {
    if (this.state === state) return;
    this.state = state;
    this.emit("state", state);
  }

  #schedule(name, delay, step) {
    this.#cancel(name);
    this.#timers[name] = this.#clock.setTimeout(() => {
      delete this.#timers[name];
      step();
    }, delay);
  }

  #cancel(name) {
    if (name in this.#timers) this.#clock.clearTimeout(this.#timers[name]);
    delete this.#timers[name];
  }
}

/** The address with which the server refuses a cookie of another user. */
function ofUser(address, userId) {
  if (!userId) return address;
  const url = new URL(address);
  url.searchParams.set("user", userId);
  return url.href;
}
