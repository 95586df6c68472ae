import * as changes from "./changes.js";
import { PersonalCommands } from "./personal-commands.js";

/** Changes that are shown at once and carried out when there is a server, now or after a reload. */
export class QueuedCommands extends PersonalCommands {
  #queue;

  constructor(parts) {
    super(parts);
    this.#queue = parts.changes;
  }

  /** `withChanges` shows these changes at once. The client sends them when there is a server. Returns a key for `undo`. */
  queueEdit(message, content) {
    return this.#queue.add(changes.edit(this, message, content));
  }

  /** `within`: milliseconds in which `undo` can cancel it. */
  queueDelete(message, options) {
    return this.#queue.add(changes.deletion(this, message, options));
  }

  queueReaction(message, emoji, on) {
    return this.#queue.add(changes.reaction(this, message, emoji, on));
  }

  queueArchive(conversation, archived) {
    return this.#queue.add(changes.archiving(this, conversation, archived));
  }

  /** `change`: `{pinned}` or `{mutedUntil}`. */
  queueOwn(conversation, change) {
    return this.#queue.add(changes.ownChange(this, conversation, change));
  }

  /** Block the other side, or end that. */
  queueBlock(conversation, blocked) {
    const { customerId, businessId } = conversation;
    return this.#queue.add(changes.blocking(this, conversation, blocked, { customerId, businessId }));
  }

  queueUnread(conversation, seq) {
    return this.#queue.add(changes.markingUnread(this, conversation, seq));
  }

  queueNotificationDelete(notification, options) {
    return this.#queue.add(changes.notificationDeletion(this, notification, options));
  }

  /** Cancel a queued change. Returns whether it was in time. */
  undo(key) {
    return this.#queue.cancel(key);
  }

  /** Send the queued changes that could still be undone. Resolves when their requests have ended, whether they succeeded or not. */
  flush() {
    return this.#queue.flush();
  }

  /** These messages, conversations or notifications with the queued changes applied. `pendingChange` marks what the server does not have yet. */
  withChanges(items) {
    return this.#queue.applyTo(items);
  }
}
