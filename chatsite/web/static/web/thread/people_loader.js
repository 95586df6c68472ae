const RECENT = 200; // of the messages whose senders need a name

/** Fetches the people of the conversation when a message has a sender whose name is not known. */
export class PeopleLoader {
  #people;
  #fetch;
  #changed;
  #tried = new Set(); // senders for whom the people were fetched

  /** `fetch`: resolves with `[{id, name, side}]`; `changed`: called after the people are known. */
  constructor(people, { fetch, changed }) {
    this.#people = people;
    this.#fetch = fetch;
    this.#changed = changed;
  }

  async load() {
    try {
      this.#people.learn(await this.#fetch());
      this.#changed();
    } catch {
      this.#tried.clear(); // show the name of their side; the next unknown sender fetches again
    }
  }

  loadSendersOf(messages) {
    const unknown = messages
      .slice(-RECENT)
      .map((message) => message.senderId)
      .filter((id) => id !== null && id !== this.#people.me.id && !this.#people.has(id) && !this.#tried.has(id));
    if (!unknown.length) return;
    for (const id of unknown) this.#tried.add(id);
    this.load();
  }
}
