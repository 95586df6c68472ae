import { drawMessage } from "./bubble.js";
import { drawDay, drawSystem, drawUnread } from "./dividers.js";
import { Rating } from "./rating.js";
import { gettext } from "./texts.js";
import { drawTyping } from "./typists.js";

/** Draws the rows of a conversation, each with its context and its actions. */
export class RowPainter {
  #thread;
  #context;
  #watched = new WeakSet();

  /** `thread`: client, me, people, actions, navigation, offers, attachments, reading, team, quote(id), messageOf(node), isOpen(), and those of `Rating`. */
  constructor(thread) {
    this.#thread = thread;
    this.#context = contextOf(thread);
  }

  draw(row, node, before) {
    if (row.kind === "day") return drawDay(row, node);
    if (row.kind === "unread") return drawUnread(row, node);
    if (row.kind === "typing") return drawTyping(row, node);
    if (row.kind === "note") return this.#thread.team.draw(row, node);
    const context = { ...this.#context, isOpen: this.#thread.isOpen(), side: this.#thread.people.side };
    const drawn = row.kind === "system" ? drawSystem(row, node, context) : drawMessage(row, node, before, context);
    if (!this.#watched.has(drawn)) {
      this.#watched.add(drawn);
      this.#thread.reading.watch(drawn);
    }
    return drawn;
  }
}

function contextOf(thread) {
  const { client, me, people, actions, navigation, offers } = thread;
  return {
    nameOf: (message) => people.nameOf(message),
    showsNames: (row) => (people.side === "business" ? row.ours : true),
    quoteOf: (message) => thread.quote(message.replyTo),
    hasActions: (message) => actions.hasActions(message),
    openMenu: (node, button) => actions.openMenu(thread.messageOf(node), button),
    jumpTo: (id) => navigation.find(id),
    me: me.id,
    nameOfUser: (id) => (id === me.id ? gettext("You") : (people.named(id) ?? people.otherName)),
    canReact: (message) => actions.canReply(message),
    react: (message, emoji) => actions.react(message, emoji),
    showHistory: (message) => actions.history(message),
    retry: (message) => client.retry(message.clientId),
    discard: (message) => client.discard(message.clientId),
    ...thread.attachments.context,
    offers,
    rating: new Rating(thread),
    answerOffer: (offer, action) => actions.answerOffer(offers, offer, action),
  };
}
