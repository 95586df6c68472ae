import { confirmed } from "./dialogs.js";
import { Menu } from "./menu.js";
import { confirmOfferAnswer } from "./offer_confirmation.js";
import { onDemand } from "./on_demand.js";
import { summary } from "./quotes.js";
import { QUICK_REACTIONS, hasReacted } from "./reactions.js";
import { isFromOther } from "./rows.js";
import { gettext, interpolate } from "./texts.js";

const openDialogs = onDemand(() => import("./message_dialogs.js"));
const openPicker = onDemand(() => import("./emoji_picker.js"));
const UNDO = 5_000; // milliseconds in which a deletion by key can be undone

/**
 * The actions on a message. `thread`: section, client, view, composer, people, note, showError(error),
 * isOpen() (not frozen).
 */
export class Actions {
  #thread;
  #menu;

  constructor(thread) {
    this.#thread = thread;
    this.#menu = new Menu(thread.section, gettext("Message actions"));
  }

  openMenu(message, opener, at) {
    if (this.#menu.isOpen) return this.#menu.close({ focus: true });
    const items = this.#items(message);
    if (items.length) this.#menu.open(items, opener, at, this.#quickReactions(message));
    return undefined;
  }

  closeMenu() {
    this.#menu.close();
  }

  canReply(message) {
    return message.seq !== null && !message.deletedAt && this.#thread.isOpen();
  }

  /** Whether this user may change the message. */
  canChange(message) {
    return this.canReply(message) && message.senderId === this.#thread.me.id;
  }

  canEdit(message) {
    return this.canChange(message) && message.messageType === "text";
  }

  hasActions(message) {
    return this.#items(message).length > 0;
  }

  /** Handle a key on the message. Returns whether the key had an action. */
  handleKey(key, message, node) {
    if (key === "r" && this.canReply(message)) this.#thread.composer.replyTo(message);
    else if (key === "e" && this.canEdit(message)) this.#thread.composer.edit(message);
    else if ((key === "Delete" || key === "Backspace") && this.canChange(message)) this.#removeWithUndo(message);
    else if (["Enter", " "].includes(key)) this.openMenu(message, node, node.querySelector(".bubble"));
    else return false;
    return true;
  }

  async remove(message) {
    const isConfirmed = await confirmed(this.#thread.section, {
      title: gettext("Delete message?"),
      text: `“${summary(message)}”`,
      action: gettext("Delete"),
      danger: true,
    });
    if (isConfirmed) this.#thread.client.queueDelete(message);
  }

  /** A key is easily pressed by mistake, so the deletion can be undone for a moment. */
  #removeWithUndo(message) {
    const { client, note } = this.#thread;
    const key = client.queueDelete(message, { within: UNDO });
    note.show(gettext("Message deleted"), { action: gettext("Undo"), run: () => client.undo(key), stays: UNDO });
  }

  edit(message, text) {
    this.#thread.client.queueEdit(message, text);
  }

  /** The server refused a change that was shown as done. The text is not lost: the user can try again. */
  onRefused({ kind, targetId, content, error }) {
    const { source, composer } = this.#thread;
    const message = source.find(targetId);
    if (!message) return;
    this.#thread.showError(error);
    if (kind !== "edit" || composer.text || message.deletedAt) return;
    composer.edit(message);
    composer.fillEdit(content);
  }

  async history(message) {
    const { showHistory } = await openDialogs(this.#thread.note);
    await this.#try(async () => {
      const { results } = await this.#thread.client.rest.get(`/chat/messages/${message.id}/edits`);
      await showHistory(this.#thread.section, results, message);
    });
  }

  async report(message) {
    const { askReport } = await openDialogs(this.#thread.note);
    const report = await askReport(this.#thread.section);
    if (!report) return;
    const body = { conversationId: message.conversationId, messageId: message.id, ...report };
    const done = await this.#try(() => this.#thread.client.rest.post("/chat/reports", body));
    if (done) this.#thread.note.show(gettext("Thank you. Your report was sent to the moderators."));
  }

  async answerOffer(offers, offer, action) {
    if (await confirmOfferAnswer(this.#thread.section, offer, action)) await this.#try(() => offers.answer(offer, action));
  }

  /** Add an emoji to the message, or remove the user's own. */
  react(message, emoji) {
    const { client, me } = this.#thread;
    client.queueReaction(message, emoji, !hasReacted(message, me.id, emoji));
  }

  /** React to a double tap. */
  like(message) {
    if (message && this.canReply(message)) this.react(message, QUICK_REACTIONS[0]);
  }

  async #pick(message) {
    const { pickEmoji } = await openPicker(this.#thread.note);
    const emoji = await pickEmoji(this.#thread.section);
    if (emoji) this.react(message, emoji);
  }

  #quickReactions(message) {
    if (!this.canReply(message)) return [];
    const quick = QUICK_REACTIONS.map((emoji) => ({
      label: interpolate(gettext("React with %(emoji)s"), { emoji }),
      text: emoji,
      checked: hasReacted(message, this.#thread.me.id, emoji),
      act: () => this.react(message, emoji),
    }));
    const more = { label: gettext("More emoji"), text: "＋", checked: false, act: () => this.#pick(message) };
    return [...quick, more];
  }

  #items(message) {
    const { composer, client, me } = this.#thread;
    const items = [];
    const add = (label, icon, act, danger) => items.push({ label, icon, act, danger });
    if (message.seq === null) {
      if (message.status === "failed") add(gettext("Try again"), "send", () => client.retry(message.clientId));
      add(gettext("Do not send"), "delete", () => client.discard(message.clientId), true);
      return items;
    }
    if (message.deletedAt) return items;
    if (this.canReply(message)) add(gettext("Reply"), "reply", () => composer.replyTo(message));
    if (navigator.clipboard) add(gettext("Copy text"), "copy", () => this.#copy(message));
    if (this.canEdit(message)) add(gettext("Edit"), "edit", () => composer.edit(message));
    if (message.editedAt) add(gettext("Edit history"), "history", () => this.history(message));
    if (this.canChange(message)) add(gettext("Delete"), "delete", () => this.remove(message), true);
    const theirs = message.senderId !== me.id && isFromOther(message, this.#thread.people.side);
    if (theirs) add(gettext("Mark as unread from here"), "dot", () => this.#markUnread(message));
    if (theirs) add(gettext("Report"), "report", () => this.report(message), true);
    return items;
  }

  async #markUnread({ conversationId, seq }) {
    if (await this.#try(() => this.#thread.client.markUnread(conversationId, seq))) this.#thread.note.show(gettext("Marked as unread"));
  }

  async #copy({ content }) {
    if (await this.#try(() => navigator.clipboard.writeText(content))) this.#thread.note.show(gettext("Copied"));
  }

  async #try(action) {
    try {
      await action();
      return true;
    } catch (error) {
      this.#thread.showError(error);
      return false;
    }
  }
}
