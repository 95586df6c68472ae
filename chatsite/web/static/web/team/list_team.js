import { queryOf } from "../filters.js";
import { onDemand } from "../thread/on_demand.js";
import { toasts } from "../toast.js";
import { Selection } from "./selection.js";

const openBulkBar = onDemand(() => import("./bulk_bar.js"));
const openViews = onDemand(() => import("./saved_views.js"));

/** What members have in the list: saved views above it, and a bar for the conversations that are selected. */
export class ListTeam {
  #root;
  #context;
  #selection;
  #bar = null;
  #views = null;

  /** `context`: `rest`, `session`, `states`, `find(id)` for a conversation, `replace(filters)`, `nameOf(conversation)` to select it. */
  constructor(root, context) {
    this.#root = root;
    this.#context = context;
    const canSelect = (id) => context.nameOf(context.find(id));
    this.#selection = new Selection(root.querySelector("[data-rows]"), { canSelect, changed: () => this.#drawBar() });
    this.follow(context.session.filters);
  }

  get selected() {
    return this.#selection.size;
  }

  clear() {
    this.#selection.clear();
  }

  /** The list has other rows now. */
  drawn() {
    this.#selection.drawn();
  }

  /** The list has other filters now. Without views and filters there is nothing to choose or save. */
  async follow(filters) {
    const { rest, session, replace } = this.#context;
    const { views, businesses, urls } = session;
    if (!this.#views && !views.length && !queryOf(filters)) return;
    const { SavedViews } = await openViews(toasts);
    const given = { rest, views, businesses, inbox: urls.inbox, filters, replace };
    if (this.#views) this.#views.follow(filters);
    else this.#views = new SavedViews(this.#root.querySelector("[data-views]"), given);
  }

  async #drawBar() {
    if (!this.#bar && !this.#selection?.size) return;
    const { BulkBar } = await openBulkBar(toasts);
    if (!this.#bar) this.#addBar(BulkBar);
    this.#bar.draw();
  }

  #addBar(BulkBar) {
    const { session, states, find } = this.#context;
    this.#bar = new BulkBar({ states, me: session.me, selection: () => this.#selection, find });
    this.#root.append(this.#bar.element);
  }
}
