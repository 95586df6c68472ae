/** A clock that stands still until a test moves it, and a server of one conversation in memory. */
import { FakeFiles } from "./fake-files.js";

export class FakeClock {
  #now = 1_700_000_000_000;
  #timers = new Map();
  #next = 1;
  chance = 0.5;

  now = () => this.#now;
  random = () => this.chance;

  setTimeout = (callback, delay) => {
    this.#timers.set(this.#next, { at: this.#now + delay, callback });
    return this.#next++;
  };

  clearTimeout = (timer) => this.#timers.delete(timer);

  /** The moments at which something is going to happen, from now. */
  get pending() {
    return [...this.#timers.values()].map(({ at }) => at - this.#now).sort((a, b) => a - b);
  }

  async advance(delay) {
    const end = this.#now + delay;
    await settle();
    for (let due = this.#due(end); due; due = this.#due(end)) {
      const [timer, { at, callback }] = due;
      this.#timers.delete(timer);
      this.#now = at;
      callback();
      await settle();
    }
    this.#now = end;
    await settle();
  }

  #due(end) {
    return [...this.#timers].filter(([, { at }]) => at <= end).sort(([a, x], [b, y]) => x.at - y.at || a - b)[0];
  }
}

/** Lets every promise that can go on do so. */
export async function settle() {
  for (let turn = 0; turn < 4; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

export class FakeStorage {
  items = new Map();
  getItem = (key) => this.items.get(key) ?? null;
  setItem = (key, value) => this.items.set(key, value);
  removeItem = (key) => this.items.delete(key);
}

const AT = "2026-01-02T03:04:05Z";
export const ROOM = "00000000-0000-4000-8000-000000000001";

/** Knows what the real one promises: `seq` and `rev` without gaps, sends unique by `clientId`, sync without holes. */
export class FakeServer {
  sockets = [];
  messages = [];
  rev = 0;
  stateRev = 0; // of what the user keeps for themselves
  own = { mutedUntil: null, pinned: true, unreadFrom: null };
  rewritten = 0; // the rev at which messages were taken out
  isGone = false; // the conversation is not there any more
  frames = []; // everything that clients sent
  requests = []; // every REST request
  files = new FakeFiles();
  goodTokens = new Set(["good"]);
  isUp = true; // new sockets connect
  isMute = false; // nothing that is sent gets through, either way
  loses = () => false; // (event, data) → whether the event is lost on the way to the clients
  refuses = () => null; // (frame) → an error to answer instead
  restIsUp = true;
  onTheWay = async () => undefined; // happens between a REST answer's making and its arrival
  userId = "7";

  constructor(clock) {
    this.clock = clock;
    const server = this;
    this.WebSocket = class {
      constructor(url) {
        this.url = url;
        this.rooms = new Set();
        this.isOpen = false;
        server.sockets.push(this);
        setImmediate(() => server.#connect(this));
      }

      send(text) {
        if (!server.isMute) server.#take(this, JSON.parse(text));
      }

      close() {
        this.isOpen = false;
      }
    };
  }

  get socket() {
    return this.sockets.at(-1);
  }

  /** What clients sent, by the name of the command. */
  sent(event) {
    return this.frames.filter((frame) => frame.event === event);
  }

  conversation() {
    const last = this.messages.at(-1);
    const { rev } = this;
    const object = { id: ROOM, rev, lastSeq: this.messages.length, lastMessage: last?.content ?? "" };
    const own = { ...this.own, stateRev: this.stateRev };
    const unreadCount = this.own.unreadFrom ? 1 : 0;
    return { ...object, ...(this.stateRev && { own }), unreadCount, createdAt: AT, updatedAt: AT, lastMessageAt: last ? AT : null };
  }

  write(content, { senderId = "8", clientId = null, attachmentIds = [] } = {}) {
    const known = clientId && this.messages.find((m) => m.clientId === clientId);
    if (known) return known;
    const seq = this.messages.length + 1;
    const times = { deliveredAt: null, readAt: null, editedAt: null, deletedAt: null, createdAt: AT };
    const id = `m${seq}${this.rewritten ? `-${this.rewritten}` : ""}`; // a number that was taken back is given again
    const object = { id, conversationId: ROOM, seq, rev: ++this.rev, senderId, senderSide: "customer" };
    const message = { ...object, clientId, content, messageType: "text", status: "sent", replyTo: null, ...times };
    if (attachmentIds.length) message.attachments = attachmentIds.map((id) => this.files.use(id));
    this.messages.push(message);
    this.#publishMessage("new_message", message);
    return message;
  }

  edit(id, content) {
    const message = this.#change(id, { content, editedAt: AT });
    this.#publishMessage("message_edited", message);
  }

  read(ids) {
    this.rev += 1;
    const stamp = { status: "read", readAt: AT, deliveredAt: AT, rev: this.rev };
    this.messages = this.messages.map((m) => (ids.includes(m.id) ? { ...m, ...stamp } : m));
    this.push("messages_read", { conversationId: ROOM, rev: this.rev, messageIds: ids, readBy: "8", readAt: AT });
  }

  /** Takes the messages after the first `kept` out for good, as an undone import does. */
  rewind(kept) {
    this.messages = this.messages.slice(0, kept);
    this.rewritten = ++this.rev;
    this.push("conversation_updated", { conversationId: ROOM, rev: this.rev, conversation: this.conversation() });
  }

  push(event, data) {
    if (this.isMute || this.loses(event, data)) return;
    for (const socket of this.sockets) {
      const wanted = !data.conversationId || event === "conversation_updated" || socket.rooms.has(data.conversationId);
      if (socket.isOpen && wanted) this.#give(socket, { event, data });
    }
  }

  /** To one socket, whatever the order. */
  deliver(event, data) {
    this.#give(this.socket, { event, data });
  }

  hangUp(code = 1006) {
    for (const socket of this.sockets.filter((each) => each.isOpen)) {
      socket.isOpen = false;
      socket.onclose({ code, reason: "" });
    }
  }

  fetch = async (url, { method, headers, body }) => {
    const { pathname, searchParams } = new URL(url);
    const request = { method, path: pathname, query: Object.fromEntries(searchParams), headers };
    this.requests.push({ ...request, body: body instanceof FormData ? Object.fromEntries(body) : body && JSON.parse(body) });
    if (!this.restIsUp) throw new TypeError("fetch failed");
    if (this.#isOfAnother(headers["X-Chat-User"])) return new Response(JSON.stringify({ error: { code: "unauthenticated" } }), { status: 401 });
    const [status, answer] = this.files.answer(this.requests.at(-1)) ?? this.#answer(this.requests.at(-1));
    await this.onTheWay();
    return new Response(status === 204 ? null : JSON.stringify(answer), { status });
  };

  #publishMessage(event, message) {
    this.push(event, { conversationId: ROOM, rev: message.rev, message });
  }

  #change(id, change) {
    this.rev += 1;
    this.messages = this.messages.map((m) => (m.id === id ? { ...m, ...change, rev: this.rev } : m));
    return this.messages.find((m) => m.id === id);
  }

  #answer({ method, path, query, body }) {
    if (path === "/auth/token/refresh") return this.refresh?.(body) ?? [401, { error: { code: "unauthenticated" } }];
    if (path === "/auth/me") return [200, { id: this.userId }];
    if (path === "/presence") {
      return [200, { results: query.userIds.split(",").map((userId) => ({ userId, online: true, lastSeen: null })) }];
    }
    if (path === "/chat/conversations") return [200, { results: [this.conversation()], next: null, previous: null }];
    if (method === "PATCH" && !this.isGone) return [200, this.#arrange(path.endsWith("/unread") ? { unreadFrom: body.seq } : body)];
    if (path === `/chat/conversations/${ROOM}` && !this.isGone) return [200, this.conversation()];
    if (path !== `/chat/conversations/${ROOM}/messages`) return [404, { error: { code: "not_found", message: path } }];
    if (method === "POST") return [201, this.write(body.content, { ...body, senderId: this.userId })];
    return [200, this.#page(query)];
  }

  #arrange(change) {
    Object.assign(this.own, change);
    this.stateRev += 1;
    return this.conversation();
  }

  #page({ before = Infinity, after, limit = 50 }) {
    if (after !== undefined) {
      const newer = this.messages.filter((message) => message.seq > Number(after));
      const results = newer.slice(0, Number(limit));
      return { results, next: "older", previous: newer.length > results.length ? "newer" : null };
    }
    const older = this.messages.filter((message) => message.seq < Number(before));
    const results = older.slice(-Number(limit));
    return { results, next: older.length > results.length ? "older" : null, previous: null };
  }

  #connect(socket) {
    if (this.isMute) return;
    if (!this.isUp) return socket.onclose({ code: 1006, reason: "" });
    socket.isOpen = true;
    socket.onopen();
    if (this.#isOfAnother(new URL(socket.url).searchParams.get("user"))) socket.onclose({ code: 4401, reason: "" });
  }

  /** Whether a page with a cookie was made for another user than the one who is signed in. */
  #isOfAnother(pageUser) {
    return Boolean(pageUser) && pageUser !== this.userId;
  }

  #take(socket, frame) {
    this.frames.push(frame);
    const { ref, event, data } = frame;
    const refusal = this.refuses(frame);
    if (refusal === "silence") return;
    if (refusal) return void this.#give(socket, { event: "error", ref, data: refusal });
    const answer = this[`on_${event}`]?.(data, socket) ?? {};
    if (answer.error) this.#give(socket, { event: "error", ref, data: answer.error });
    else this.#give(socket, { event: "ack", ref, data: answer });
  }

  /** The frame is fixed now, and arrives a moment later. */
  #give(socket, frame) {
    const data = JSON.stringify(frame);
    setImmediate(() => socket.isOpen && !this.isMute && socket.onmessage({ data }));
  }

  on_authenticate({ token }) {
    if (this.goodTokens.has(token)) return { userId: this.userId };
    return { error: { code: "unauthenticated", message: "no" } };
  }

  on_join_conversation({ conversationId }, socket) {
    socket.rooms.add(conversationId);
    return { conversationId, lastSeq: this.messages.length, rev: this.rev };
  }

  on_send_message({ conversationId, content, clientId, attachmentIds }) {
    if (attachmentIds?.some((id) => !this.files.uploads.has(id))) return { error: { code: "not_found", message: "no file" } };
    const message = this.write(content, { senderId: this.userId, clientId, attachmentIds });
    return { conversationId, rev: message.rev, message };
  }

  on_mark_read({ conversationId, seq, messageIds = this.messages.filter((m) => m.seq <= seq).map(({ id }) => id) }) {
    this.own.unreadFrom = null;
    this.read(messageIds);
    return { conversationId, messageIds, unreadCount: 0 };
  }

  on_heartbeat(_, socket) {
    const head = { lastSeq: this.messages.length, rev: this.rev, ...(this.stateRev && { stateRev: this.stateRev }) };
    const there = this.isGone ? [] : [...socket.rooms];
    return { conversations: Object.fromEntries(there.map((id) => [id, head])), serverTime: AT };
  }

  on_sync({ conversations }) {
    const known = conversations[ROOM];
    const changed = this.messages.filter((message) => message.rev > known).sort((a, b) => a.rev - b.rev);
    const resync = changed.length > 500 || known < this.rewritten || known > this.rev;
    const part = { conversation: this.conversation(), ...(resync ? { resync } : { messages: changed }) };
    return { conversations: known === undefined || this.isGone ? {} : { [ROOM]: part }, unread: { total: 0, conversations: {} } };
  }
}
