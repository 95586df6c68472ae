import { Draft, browserStorage } from "../thread/drafts.js";
import { confirmed } from "../thread/dialogs.js";
import { el, icon } from "../thread/dom.js";
import { onDemand } from "../thread/on_demand.js";
import { gettext, interpolate } from "../thread/texts.js";
import { Mentions } from "./mentions.js";
import { drawNote } from "./note_row.js";
import { PrivateNotes, timeOf } from "./private_notes.js";
import { WritingMode } from "./writing_mode.js";

const openCannedAnswers = onDemand(() => import("./canned_answers.js"));
const openOfferMaker = onDemand(() => import("./offer_maker.js"));

/**
 * What members of the business have in the conversation view: private notes between the messages and in the composer,
 * mentions, and canned answers. It does nothing for a customer. Pass it to `mountThread` as `team`.
 *
 * `thread`: client, me, view, people, conversation, composer, source, list, section, note, showError, announce. `isOwner`: whether
 * the user may delete the notes of others. `currencies`: those that an offer can name, with the digits of their minor units.
 */
export class ThreadTeam {
  #thread;
  #isOwner;
  #currencies;
  #notes = null;
  #mode = null;
  #mentions = null;
  #draft = null;
  #offerMaker = null;
  #stop;
  #context;

  constructor(thread, { isOwner = false, currencies = {} } = {}) {
    this.#thread = thread;
    this.#isOwner = isOwner;
    this.#currencies = currencies;
    this.#context = this.#makeContext();
    this.#watchForCommands();
    this.#stop = thread.view.on("change", () => this.#start());
    queueMicrotask(() => this.#start());
  }

  /** The messages and notes, ordered by time. `atEnd`: no message is newer. */
  withNotes(messages, { atEnd }) {
    if (!this.#notes) return messages;
    const { source } = this.#thread;
    const isStart = !source.hasOlder && messages[0]?.id === source.messages[0]?.id;
    const [from, to] = [messages[0], messages.at(-1)].map((message) => message && timeOf(message));
    if (from) this.#notes.reach(from);
    const isShown = (note) => (isStart || timeOf(note) >= from) && (atEnd || timeOf(note) <= to);
    const notes = this.#notes.all.filter(isShown);
    const found = [];
    for (const message of messages) {
      while (notes.length && timeOf(notes[0]) < timeOf(message)) found.push(asItem(notes.shift()));
      found.push(message);
    }
    return [...found, ...notes.map(asItem)];
  }

  draw(row, node) {
    return drawNote(row, node, this.#context);
  }

  destroy() {
    this.#stop();
    this.#notes?.destroy();
    this.#draft?.destroy();
  }

  /** Called when it is known that the user is a member of the business. */
  #start() {
    const { client, view, me, people, composer, conversation } = this.#thread;
    if (this.#notes || !conversation || people.side !== "business") return;
    const handlers = {
      changed: () => this.#thread.list?.schedule(),
      arrived: (note) => this.#announceNote(note),
    };
    this.#notes = new PrivateNotes(client, view.id, me, handlers, this.#thread.initial?.team);
    this.#draft = new Draft(browserStorage(), me.id, `${view.id}:note`, ({ text }) => this.#mode.takeDraft(text));
    this.#mentions = new Mentions(composer, () => this.#colleagues);
    this.#mode = new WritingMode(composer, {
      text: this.#draft.read().text,
      keep: (text) => this.#draft.keep({ text, replyTo: null }),
      add: (text) => this.#add(text),
      edit: (note, text) => this.#attempt(() => this.#notes.edit(note, text, this.#mentions.idsIn(text))),
    });
    if (Object.keys(this.#currencies).length) this.#mode.append(this.#offerButton());
  }

  /** Canned answers begin with the first slash. */
  #watchForCommands() {
    const { composer, note } = this.#thread;
    const input = composer.element.querySelector("textarea");
    const onInput = async () => {
      if (!input.value.includes("/")) return;
      input.removeEventListener("input", onInput);
      const { CannedAnswers } = await openCannedAnswers(note);
      new CannedAnswers(this.#thread).suggest();
    };
    input.addEventListener("input", onInput);
  }

  #offerButton() {
    const click = async () => {
      const { OfferMaker } = await openOfferMaker(this.#thread.note);
      this.#offerMaker ??= new OfferMaker(this.#thread, this.#currencies);
      this.#offerMaker.make();
    };
    return el("button", { type: "button", class: "writing-choice make-offer", on: { click } }, icon("offer"), gettext("Offer"));
  }

  get #colleagues() {
    const { people, me } = this.#thread;
    return people.all.filter(({ id, side }) => side === "business" && id !== me.id);
  }

  #add(text) {
    this.#notes.add(text, this.#mentions.idsIn(text));
    this.#thread.list.showEnd();
  }

  #announceNote(note) {
    const name = this.#context.nameOf(note.authorId);
    this.#thread.announce(interpolate(gettext("Private note from %(name)s: %(text)s"), { name, text: note.content }));
  }

  #makeContext() {
    const { me, people } = this.#thread;
    const isOurs = (note) => !note.pending && note.authorId === me.id;
    return {
      nameOf: (id) => (id === me.id ? gettext("You") : ((id && people.named(id)) ?? gettext("A former member"))),
      nameInText: (id) => (id === me.id ? me.name : people.named(id)),
      canEdit: isOurs,
      canDelete: (note) => isOurs(note) || (this.#isOwner && !note.pending),
      edit: (note) => this.#mode.edit(note),
      remove: (note) => this.#remove(note),
      retry: (clientId) => this.#notes.retry(clientId),
      discard: (clientId) => this.#notes.discard(clientId),
    };
  }

  async #remove(note) {
    const question = { title: gettext("Delete this note?"), text: gettext("Its text cannot be restored."), action: gettext("Delete"), danger: true };
    if (await confirmed(this.#thread.section, question)) await this.#attempt(() => this.#notes.remove(note));
  }

  async #attempt(act) {
    try {
      await act();
    } catch (error) {
      this.#thread.showError(error);
    }
  }
}

function asItem(note) {
  return { kind: "note", id: note.clientId ? `${note.authorId}-${note.clientId}` : note.id, createdAt: note.createdAt, note };
}
