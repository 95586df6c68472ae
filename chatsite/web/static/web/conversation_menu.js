import { block, markUnread, mute, pin } from "./conversation_actions.js";
import { errorText } from "./error_texts.js";
import { Menu } from "./thread/menu.js";
import { toast } from "./toast.js";

/**
 * The actions of a conversation, in the order of the menu. Each gets the conversation and `{client, me, archive,
 * printAddress}`, and returns `{label, icon, act, danger?}`, several of them, or null if it does not apply.
 */
export const CONVERSATION_ACTIONS = [markRead, markUnread, pin, mute, archive, print, block];

/** The menu of actions for one conversation, for a row of the list and for the header of the open conversation. */
export class ConversationMenu {
  #page;
  #menu = new Menu(document.body, gettext("Conversation actions"));

  /** `page`: `client`, `me`, `archive(id, archived)`, `printAddress(id)`. */
  constructor(page) {
    this.#page = page;
  }

  /** Open the menu at `at`. `opener` gets the focus back. A second click closes the menu. */
  toggle(conversation, opener, at = opener) {
    if (this.#menu.isOpen) return this.#menu.close({ focus: true });
    const items = CONVERSATION_ACTIONS.flatMap((entry) => entry(conversation, this.#page)).filter(Boolean);
    if (items.length) this.#menu.open(items.map(withErrorToast), opener, at);
    return undefined;
  }
}

function withErrorToast(item) {
  const act = async () => {
    try {
      await item.act();
    } catch (error) {
      toast(errorText(error));
    }
  };
  return { ...item, act };
}

function markRead({ id, unreadCount, lastSeq }, { client }) {
  if (!unreadCount) return null;
  return { label: gettext("Mark as read"), icon: "ticks", act: () => client.markReadUpTo(id, lastSeq) };
}

function archive({ id, archived }, page) {
  const label = archived ? gettext("Move to inbox") : gettext("Archive");
  return { label, icon: "archive", act: () => page.archive(id, !archived) };
}

function print({ id }, page) {
  return { label: gettext("Print"), icon: "print", act: () => location.assign(page.printAddress(id)) };
}
