import { pause } from "./clock.js";
import { Emitter } from "./emitter.js";
import { isPermanent } from "./errors.js";
import { Excerpts } from "./excerpt.js";
import { EventSequencer } from "./event-sequencer.js";
import { fetchLatest, fetchOlder } from "./history.js";
import { OwnMessages } from "./own-messages.js";
import { Timeline } from "./timeline.js";
import { RemoteTyping } from "./typing.js";

const RETRY = 2_000; // milliseconds until the next attempt of a fetch; doubled each time, up to MAX_RETRY
const MAX_RETRY = 30_000;

/**
 * A live view of one conversation. `snapshot` is immutable and replaced on each change, with the event `change`. The
 * view also emits the events of the conversation, in order and each once.
 */
export class Conversation extends Emitter {
  id;
  status = "loading"; // then "ready", or "gone" if it does not exist or the user may not see it
  #host;
  #timeline;
  #sequencer;
  #typing;
  #own;
  #excerpts;
  #meanwhile = null; // events during the fetch of an older page
  #older = null;
  #loading = null;
  #pause = null;
  #snapshot = null;
  #closed = false;

  /** `initial`: what `fetchLatest` would answer, where somebody has it. `host`: rest, clock, store, outbox, me(), sync(view), tell(event, data), command(view, name, argument). */
  constructor(id, host, initial = null) {
    super();
    this.id = id;
    this.#host = host;
    this.#timeline = new Timeline(id);
    this.#own = new OwnMessages(id, host);
    this.#sequencer = new EventSequencer(host.clock, {
      rev: () => this.#timeline.rev,
      pass: (event) => this.#deliver(event),
      missing: () => host.sync(this),
    });
    this.#typing = new RemoteTyping(host.clock, () => this.touch());
    this.#excerpts = new Excerpts({ id, rest: host.rest, timeline: this.#timeline, join: (excerpt) => this.#join(excerpt) });
    if (initial) this.#begin(initial, 0);
    else this.load();
  }

  get rev() {
    return this.#timeline.rev;
  }

  get snapshot() {
    this.#snapshot ??= Object.freeze({
      id: this.id,
      status: this.status,
      conversation: this.#host.store.get(this.id) ?? null,
      messages: this.#own.mergeInto(this.#timeline),
      typing: this.#typing.userIds,
      hasOlder: this.#timeline.hasOlder,
      rev: this.#timeline.rev,
    });
    return this.#snapshot;
  }

  get messages() {
    return this.snapshot.messages;
  }

  get conversation() {
    return this.snapshot.conversation;
  }

  /** Resolves after the first fetch; rejects if the conversation is gone. */
  async ready() {
    await this.#loading;
    return this;
  }

  send(content, options) {
    return this.#host.command(this, "send", content, options);
  }

  markRead(messageIds) {
    return this.#host.command(this, "markRead", messageIds);
  }

  markReadUpTo(seq) {
    return this.#host.command(this, "markReadUpTo", seq);
  }

  startTyping() {
    return this.#host.command(this, "startTyping");
  }

  stopTyping() {
    return this.#host.command(this, "stopTyping");
  }

  leave() {
    return this.#host.command(this, "leave");
  }

  /** The stored message, if it is loaded. */
  find(messageId) {
    return this.#timeline.get(messageId);
  }

  /** Fetch the page before the loaded messages. Returns whether there are more. */
  loadOlder() {
    this.#older ??= this.#fetchOlder().finally(() => (this.#older = null));
    return this.#older;
  }

  /** A live part of the history around this `seq`, however far away; see `Excerpt`. Close it when it is not shown. */
  async excerpt(seq) {
    await this.ready();
    return this.#excerpts.open(seq);
  }

  /** Fetch everything, at first and when a sync would be too long. */
  load() {
    this.#loading ??= this.#load().finally(() => (this.#loading = null));
    // `ready()` and `status` report an error.
    this.#loading.catch(() => undefined);
    return this.#loading;
  }

  /** There is a server again: repeat a failed fetch at once. */
  wake() {
    this.#pause?.end();
  }

  /** An event of this conversation, from the socket. */
  receive(event) {
    if (event.event === "user_typing") {
      this.#typing.set(event.data.userId, event.data.isTyping);
      this.#emit(event);
    } else {
      this.#sequencer.accept(event);
    }
  }

  /** The latest `rev` of the conversation, from a preview, a heartbeat or the answer to a join. */
  expect(rev, options) {
    this.#sequencer.expect(rev, options);
  }

  /** The part of a sync's answer about this conversation; undefined if the user may not see it. */
  synced(part) {
    if (!part) return this.markGone();
    if (part.resync) return this.load();
    this.#host.store.put(part.conversation);
    const { messages = [] } = part;
    this.#meanwhile?.push(() => this.#timeline.catchUp(messages, 0));
    this.#excerpts.catchUp(messages);
    this.#emitAll(this.#timeline.catchUp(messages, part.conversation.rev));
    this.#sequencer.resume();
    return this.touch();
  }

  /** An own message was stored. Show it at its place until its event or a sync arrives. */
  acked(message) {
    if (this.#timeline.get(message.id)) return;
    this.#own.acked(message);
    this.#sequencer.expect(message.rev);
    this.touch();
  }

  markGone() {
    this.#sequencer.close();
    this.status = "gone";
    this.#host.store.drop(this.id);
    this.touch();
  }

  /** Something that the snapshot shows has changed. */
  touch() {
    if (this.#closed) return;
    this.#snapshot = null;
    this.emit("change", this);
  }

  /** The socket is gone, so nobody is shown as typing. */
  clearTyping() {
    this.#typing.clear();
  }

  close() {
    this.#closed = true;
    this.#sequencer.close();
    this.#typing.clear();
    this.#excerpts.clear();
  }

  async #load() {
    this.#sequencer.pause();
    for (let delay = RETRY; ; delay = Math.min(2 * delay, MAX_RETRY)) {
      try {
        const { rev, newestSeq } = this.#timeline;
        return this.#begin(await fetchLatest(this.#host.rest, this.id, newestSeq), rev);
      } catch (error) {
        if (isPermanent(error)) {
          this.markGone();
          throw error;
        }
        if (this.#closed) throw error;
        this.#host.tell("trouble", error);
        this.#pause = pause(this.#host.clock, delay);
        await this.#pause.done;
      }
    }
  }

  /** `since` is the `rev` before the fetch. A server with a lower one was restored from a backup. */
  #begin({ conversation, messages, hasOlder }, since) {
    const first = this.status === "loading";
    const { messages: before, oldestSeq: from = 0, rev: reached } = this.#timeline; // a sync may have answered first
    const isOlder = conversation.rev < since;
    this.#host.store.take(conversation, since);
    this.#timeline.reset(messages, { rev: conversation.rev, hasOlder });
    this.status = "ready";
    this.#own.settle(this.#timeline.messages);
    if (!first) {
      const held = new Set(before.map(({ id }) => id));
      const missed = this.#timeline.messages.filter(({ id, seq }) => seq >= from && !held.has(id));
      const data = (message) => ({ conversationId: this.id, rev: message.rev, message });
      this.#emitAll(missed.map((message) => ({ event: "new_message", data: data(message) })));
    }
    this.#excerpts.markStale();
    this.emit(first ? "loaded" : "reset", this);
    if (isOlder) this.#sequencer.restart();
    else this.#sequencer.resume();
    if (!isOlder) this.#sequencer.expect(reached);
    this.touch();
  }

  async #fetchOlder() {
    await this.ready();
    if (!this.#timeline.hasOlder) return false;
    const { rev, oldestSeq } = this.#timeline;
    this.#meanwhile = [];
    try {
      const page = await fetchOlder(this.#host.rest, this.id, oldestSeq);
      if (this.#timeline.oldestSeq === oldestSeq) this.#prepend(page, rev);
    } finally {
      this.#meanwhile = null;
    }
    return this.#timeline.hasOlder;
  }

  /** Events during the fetch may have arrived before these messages, so apply them again. */
  #prepend({ messages, hasOlder }, rev) {
    this.#timeline.prepend(messages, { rev, hasOlder });
    this.#own.settle(messages);
    for (const again of this.#meanwhile) this.#emitAll(again());
    this.touch();
  }

  #deliver(event) {
    const { rev } = event.data;
    this.#meanwhile?.push(() => this.#timeline.apply(event));
    this.#excerpts.apply(event);
    this.#timeline.rev = rev;
    this.#emitAll(this.#timeline.apply(event));
    this.touch();
  }

  /** Merge an excerpt that has reached the view's messages. Returns whether it has. */
  #join({ messages, hasOlder }) {
    const { oldestSeq, rev } = this.#timeline;
    if (this.#older || !messages.length || messages.at(-1).seq < oldestSeq - 1) return false;
    const before = messages.filter((message) => message.seq < oldestSeq);
    if (before.length) this.#timeline.prepend(before, { rev, hasOlder });
    this.#own.settle(before);
    this.touch();
    return true;
  }

  #emitAll(effects) {
    for (const effect of effects) {
      if (effect.event === "new_message") this.#arrived(effect.data.message);
      this.#emit(effect);
    }
  }

  #arrived(message) {
    this.#typing.set(message.senderId, false);
    this.#own.settle([message]);
  }

  #emit({ event, data }) {
    this.emit(event, data);
    this.#host.tell(event, data);
  }
}
