import { isPinned } from "./conversation_actions.js";
import { loadPinned } from "./pinned.js";

/** The pages of the list that are loaded, and so the conversations that belong to it. */
export class ListPages {
  #client;
  #query;
  #loaded;
  #failed;
  #listed = new Set(); // conversations of the loaded pages, and those that have moved since
  #moved = new Set(); // those that have moved since the newest request, whose answer may be older
  #next = null; // the cursor of the next page
  #boundary = 0; // the activity of the last loaded one: older ones are on the next page
  #serial = 0; // of the newest request; the answers to others are ignored
  #isLoading = false;

  /** `query()`: the filters as the server takes them; `loaded()`: called after each page; `failed(error)`. */
  constructor(client, { query, loaded, failed }) {
    this.#client = client;
    this.#query = query;
    this.#loaded = loaded;
    this.#failed = failed;
  }

  get hasNext() {
    return this.#next !== null;
  }

  get canLoadMore() {
    return this.hasNext && !this.#isLoading; // while the first page is fetched, the cursor belongs to the filters before
  }

  /** Whether a loaded page has this conversation. */
  has(id) {
    return this.#listed.has(id);
  }

  /** A conversation has moved to the top. */
  add(id) {
    this.#listed.add(id);
    this.#moved.add(id);
  }

  /** Whether the conversation is on the loaded pages, according to its activity now. */
  includes(conversation) {
    return this.has(conversation.id) && (isPinned(conversation) || activity(conversation) >= this.#boundary);
  }

  async reload() {
    const serial = this.#begin();
    try {
      const query = this.#query();
      const page = await this.#client.loadConversations(query);
      const pinned = page.next ? await loadPinned(this.#client, query) : []; // a single page has all of them
      if (serial !== this.#serial) return;
      this.#listed = new Set([...pinned, ...this.#moved]);
      this.#take(page);
    } catch (error) {
      if (serial === this.#serial) this.#failed(error);
    } finally {
      this.#end(serial);
    }
  }

  async more() {
    if (!this.canLoadMore) return;
    const serial = this.#begin();
    try {
      const page = await this.#client.loadConversations({ ...this.#query(), cursor: this.#next });
      if (serial === this.#serial) this.#take(page);
    } catch (error) {
      if (serial === this.#serial) this.#failed(error);
    } finally {
      this.#end(serial);
    }
  }

  #begin() {
    this.#moved.clear();
    this.#isLoading = true;
    return ++this.#serial;
  }

  #end(serial) {
    if (serial === this.#serial) this.#isLoading = false;
  }

  #take({ results, next }) {
    for (const { id } of results) this.#listed.add(id);
    this.#next = next ? new URL(next).searchParams.get("cursor") : null;
    const last = results.at(-1);
    this.#boundary = this.#next && last ? activity(last) : 0;
    this.#loaded();
  }
}

function activity(conversation) {
  return Date.parse(conversation.lastMessageAt ?? conversation.createdAt);
}
