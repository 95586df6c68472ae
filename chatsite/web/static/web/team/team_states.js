const GATHER = 30; // milliseconds in which conversations are gathered for one request
const MOST = 100; // conversations of one request
const STALE = 10_000; // milliseconds after which an unknown id reloads the lists of the team

const NOTE_EVENTS = ["note_added", "note_edited", "note_deleted"];
const EMPTY = { members: [], groups: [], labels: [], at: 0 };

/**
 * The team's states of conversations. The page fetches them when a list shows the conversations, and events update them.
 * Also the members, labels and groups of each business. For a user without a business it stays empty.
 */
export class TeamStates {
  #client;
  #businesses;
  #states = new Map();
  #queued = new Set();
  #requested = new Set();
  #failed = new Set(); // conversations whose request failed, until the next reconnect
  #catalogs = new Map();
  #listeners = new Set();
  #timer = null;
  #since;

  /** `known`: `{choices, states}`, which the page has of the businesses and of the conversations in its list. */
  constructor(client, businesses, known = null) {
    this.#client = client;
    this.#businesses = businesses;
    if (!businesses.length) return;
    for (const [id, choices] of Object.entries(known?.choices ?? {})) this.#catalogs.set(id, { ...choices, at: Date.now() });
    for (const state of known?.states ?? []) this.#states.set(state.conversationId, state);
    this.#since = Date.now();
    client.on("team_state_updated", (state) => this.#store([state]));
    for (const name of NOTE_EVENTS) client.on(name, (event) => this.#onNote(event));
    client.on("team_rev", (head) => this.#expect(head));
    client.on("ready", () => this.#refetch());
  }

  /** Calls `listener(states)` when states or the lists of a business have changed; `states` are those that arrived. */
  on(listener) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  isMember(conversation) {
    return this.#businesses.some(({ id }) => id === conversation.businessId);
  }

  /** The state of a conversation of the user's business; null while it is not known. */
  of(conversation) {
    const known = this.#states.get(conversation.id);
    const teamRev = conversation.teamRev ?? 0;
    if (teamRev > (known?.teamRev ?? 0)) this.#request(conversation.id);
    if (known) return known;
    return teamRev ? null : initialState(conversation.id);
  }

  /** `{members, groups, labels}` of a business; empty until they are loaded. */
  choices(businessId) {
    const known = this.#catalogs.get(businessId);
    if (!known) this.#loadChoices(businessId);
    return known ?? EMPTY;
  }

  /** Set some fields for one conversation; the others stay. */
  async set(conversationId, changes) {
    const state = await this.#client.rest.patch(`/chat/conversations/${conversationId}/team`, changes);
    this.#store([state]);
    return state;
  }

  /** Makes many changes, `{conversationId, …}` each, and resolves with the result of each. Rejects if none was made. */
  async setMany(changes) {
    const results = [];
    for (let at = 0; at < changes.length; at += MOST) {
      const part = changes.slice(at, at + MOST);
      try {
        const answer = await this.#client.rest.post("/team/states/bulk", { changes: part });
        this.#store(answer.results.map(({ state }) => state).filter(Boolean));
        results.push(...answer.results);
      } catch (error) {
        if (!at) throw error;
        results.push(...part.map(({ conversationId }) => ({ conversationId, error })));
      }
    }
    return results;
  }

  #request(id) {
    if (this.#requested.has(id) || this.#failed.has(id)) return;
    this.#queued.add(id);
    this.#timer ??= setTimeout(() => this.#fetchRequested(), GATHER);
  }

  async #fetchRequested() {
    const ids = [...this.#queued].slice(0, MOST);
    for (const id of ids) {
      this.#queued.delete(id);
      this.#requested.add(id);
    }
    this.#timer = this.#queued.size ? setTimeout(() => this.#fetchRequested(), GATHER) : null;
    try {
      const { results } = await this.#client.rest.get("/team/states", { ids: ids.join(",") });
      this.#store(results);
    } catch {
      for (const id of ids) this.#failed.add(id);
    }
    for (const id of ids) this.#requested.delete(id);
  }

  #store(states) {
    const newer = states.filter((state) => state.teamRev >= (this.#states.get(state.conversationId)?.teamRev ?? 0));
    for (const state of newer) this.#states.set(state.conversationId, state);
    if (newer.length) this.#changed(newer);
  }

  /** A note takes a `teamRev` and does not change the state. */
  #onNote({ conversationId, teamRev }) {
    const known = this.#states.get(conversationId);
    if (known?.teamRev === teamRev - 1) this.#states.set(conversationId, { ...known, teamRev });
    else if (known && known.teamRev < teamRev) this.#request(conversationId);
  }

  /** A heartbeat shows what was missed, and that the server answers again. */
  #expect({ conversationId: id, teamRev }) {
    this.#failed.delete(id);
    this.of({ id, teamRev });
  }

  /** What the page has just brought needs no second request: the list's `teamRev` tells what has changed since. */
  #refetch() {
    const failed = [...this.#failed];
    this.#failed.clear();
    for (const id of failed) this.#request(id);
    if (!isStale(this.#since)) return;
    this.#requested.clear();
    for (const id of this.#states.keys()) this.#request(id);
    for (const [id, { at }] of this.#catalogs) if (isStale(at)) this.#loadChoices(id);
  }

  async #loadChoices(businessId) {
    this.#catalogs.set(businessId, { ...(this.#catalogs.get(businessId) ?? EMPTY), at: Date.now() });
    try {
      const query = { businessId, limit: 200 };
      const ask = async (what) => (await this.#client.rest.get(`/team/${what}`, query)).results;
      const [members, groups, labels] = await Promise.all(["members", "groups", "labels"].map(ask));
      this.#catalogs.set(businessId, { members, groups, labels, at: Date.now() });
      this.#changed([]);
    } catch {
      this.#catalogs.delete(businessId); // the next call tries again
    }
  }

  /** Look up the names for the ids of a state. An unknown id is new, so reload the lists. */
  named(conversation, state) {
    const choices = this.choices(conversation.businessId);
    const find = (rows, id) => rows.find((row) => row.id === id);
    const labels = state.labelIds.map((id) => find(choices.labels, id));
    const group = state.groupId && find(choices.groups, state.groupId);
    const assignee = state.assigneeId && find(choices.members, state.assigneeId);
    const isMissing = labels.includes(undefined) || group === undefined || assignee === undefined;
    if (isMissing && choices.at && isStale(choices.at)) this.#loadChoices(conversation.businessId);
    return { labels: labels.filter(Boolean), group: group ?? null, assignee: assignee ?? null };
  }

  /** A colleague's name. Empty until it is loaded, and for people who are not members. */
  nameOf(conversation, userId) {
    if (!this.isMember(conversation)) return "";
    return this.choices(conversation.businessId).members.find(({ id }) => id === userId)?.name ?? "";
  }

  #changed(states) {
    for (const listener of this.#listeners) listener(states);
  }
}

/** The clock may have been set back. */
function isStale(at) {
  return Math.abs(Date.now() - at) > STALE;
}

export function initialState(conversationId) {
  return {
    conversationId,
    teamRev: 0,
    status: "open",
    snoozedUntil: null,
    assigneeId: null,
    assignedAt: null,
    handedOverAt: null,
    groupId: null,
    priority: null,
    labelIds: [],
  };
}

/** Whether a state matches the filters; the same rule as in `filters.py`. */
export function matches(state, { status, assignee, label, group, priority }, me) {
  if (status && state.status !== status) return false;
  if (assignee === "none" ? state.assigneeId : assignee && state.assigneeId !== (assignee === "me" ? me.id : assignee)) return false;
  if (priority === "none" ? state.priority : priority && state.priority !== priority) return false;
  if (group === "none" ? state.groupId : group && state.groupId !== group) return false;
  return !label || state.labelIds.includes(label);
}
