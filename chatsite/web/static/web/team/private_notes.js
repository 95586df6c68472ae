import { gettext } from "../thread/texts.js";

const PAGE = 100;

/** The private notes of one conversation: stored ones, and unsent ones. */
export class PrivateNotes {
  #client;
  #id;
  #me;
  #handlers;
  #stored = new Map();
  #pending = new Map(); // clientId → note
  #rev = null; // the `teamRev` up to which the notes are complete; null: nothing is loaded
  #cursor = null;
  #loading = false;
  #stops;

  /** `handlers`: `changed()`, `arrived(note)` for a colleague's note. `known`: `{teamRev, notes}`, if the page has them. */
  constructor(client, conversationId, me, handlers, known = null) {
    this.#client = client;
    this.#id = conversationId;
    this.#me = me;
    this.#handlers = handlers;
    const onEvent = (event) => event.conversationId === this.#id && this.#onNote(event);
    const names = ["note_added", "note_edited", "note_deleted", "team_state_updated", "team_rev"];
    this.#stops = [...names.map((name) => client.on(name, onEvent)), client.on("ready", () => this.#catchUp())];
    for (const note of known?.notes ?? []) this.#stored.set(note.id, note);
    this.#rev = known?.teamRev ?? null;
    this.#catchUp(); // what has changed since the page was made; without a socket yet, at "ready"
  }

  /** The notes to show, oldest first. */
  get all() {
    const shown = [...this.#stored.values()].filter((note) => !note.deletedAt);
    return [...shown, ...this.#pending.values()].sort((a, b) => timeOf(a) - timeOf(b));
  }

  /** Fetch older notes until there is one from before this time. */
  reach(time) {
    const oldest = Math.min(...[...this.#stored.values()].map(timeOf));
    if (this.#cursor && !this.#loading && oldest > time) this.#loadPage();
  }

  add(content, mentionIds) {
    const clientId = crypto.randomUUID();
    const now = new Date(this.#client.now?.() ?? Date.now()).toISOString();
    const note = { id: clientId, clientId, conversationId: this.#id, authorId: this.#me.id, content, mentionIds, createdAt: now, pending: "saving" };
    this.#pending.set(clientId, note);
    this.#save(note);
  }

  retry(clientId) {
    this.#save(this.#pending.get(clientId));
  }

  discard(clientId) {
    this.#pending.delete(clientId);
    this.#handlers.changed();
  }

  async edit({ id }, content, mentionIds) {
    this.#store(await this.#client.rest.patch(`${this.#path}/${id}`, { content, mentionIds }));
  }

  async remove({ id }) {
    await this.#client.rest.delete(`${this.#path}/${id}`);
    const known = this.#stored.get(id);
    if (known) this.#store({ ...known, content: "", deletedAt: new Date().toISOString() });
  }

  destroy() {
    for (const stop of this.#stops) stop();
  }

  get #path() {
    return `/chat/conversations/${this.#id}/notes`;
  }

  async #save(note) {
    if (!note) return;
    this.#setPending({ ...note, pending: "saving" });
    try {
      const { content, mentionIds, clientId } = note;
      this.#store(await this.#client.rest.post(this.#path, { content, mentionIds, clientId }));
    } catch (error) {
      const reason = error.code === "unreachable" ? gettext("There is no connection.") : error.message;
      if (this.#pending.has(note.clientId)) this.#setPending({ ...note, pending: "failed", reason });
    }
  }

  #setPending(note) {
    this.#pending.set(note.clientId, note);
    this.#handlers.changed();
  }

  #store(note) {
    const known = this.#stored.get(note.id);
    if (!known || known.teamRev <= note.teamRev) this.#stored.set(note.id, note);
    if (note.authorId === this.#me.id) this.#pending.delete(note.clientId);
    this.#handlers.changed();
  }

  /** Only a note or a new state takes a `teamRev`; other events tell the latest one. */
  #onNote({ teamRev, note, status, repeated }) {
    if (note) {
      const isNew = !this.#stored.has(note.id) && !note.deletedAt;
      this.#store(note);
      if (isNew && note.authorId !== this.#me.id) this.#handlers.arrived(note);
    }
    const isChange = note || (status && !repeated);
    if (this.#rev === null && isChange) return;
    if (teamRev > this.#rev + (isChange ? 1 : 0)) this.#catchUp();
    else this.#rev = Math.max(this.#rev, teamRev);
  }

  /** Fetch the newest notes, or later the missed ones with `sync`. A heartbeat or a reconnect repeats a failed request. */
  async #catchUp() {
    if (this.#loading) return;
    try {
      if (this.#rev === null) await this.#loadFirst();
      else await this.#sync();
    } catch {
      this.#loading = false;
    }
  }

  async #loadFirst() {
    this.#loading = true;
    const { teamRev } = await this.#client.rest.get(`/chat/conversations/${this.#id}/team`);
    await this.#loadPage();
    this.#rev = teamRev; // it was read first, so later changes arrive as events
  }

  async #sync() {
    const data = { conversations: {}, team: { [this.#id]: this.#rev } };
    const found = (await this.#client.request("sync", data)).team?.[this.#id];
    if (!found) return;
    if (found.resync) {
      this.#stored.clear();
      this.#cursor = null;
      await this.#loadFirst();
      return;
    }
    for (const note of found.notes ?? []) this.#store(note);
    this.#rev = Math.max(this.#rev, found.state.teamRev);
  }

  async #loadPage() {
    this.#loading = true;
    try {
      const { results, next } = await this.#client.rest.get(this.#path, { limit: PAGE, cursor: this.#cursor });
      this.#cursor = next ? new URL(next).searchParams.get("cursor") : null;
      for (const note of results) this.#store(note);
    } finally {
      this.#loading = false;
    }
  }
}

export function timeOf({ createdAt }) {
  return Date.parse(createdAt);
}
