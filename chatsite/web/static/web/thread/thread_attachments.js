import { AttachmentAddresses } from "./attachment_addresses.js";
import { AttachmentChooser } from "./attachment_chooser.js";
import { Previews } from "./attachment_previews.js";
import { VoiceRecorder } from "./attachment_recorder.js";
import { AttachmentTray } from "./attachment_tray.js";
import { stopVoices } from "./attachment_voice.js";
import { onDemand } from "./on_demand.js";

const openViewer = onDemand(() => import("./attachment_viewer.js"));
const openDialogs = onDemand(() => import("./message_dialogs.js"));
const DESCRIPTION = 1000; // characters; the server refuses more

/** Everything about files in one conversation: files to send, recordings, and the files of messages. */
export class ThreadAttachments {
  tray;
  chooser;
  recorder;
  addresses;
  previews = new Previews();
  #thread;
  #section = null;
  #viewer = null;
  #isDestroyed = false;

  /** `thread`: client, source, people, composer, note, isOpen(), showError(error), announce(text), send(text, replyTo, files). */
  constructor(thread, limits) {
    this.#thread = thread;
    this.limits = limits;
    this.addresses = new AttachmentAddresses(thread.client.rest);
    const showError = (error) => thread.showError(error);
    const announce = (text) => thread.announce(text);
    this.tray = new AttachmentTray(limits, {
      showError,
      announce,
      changed: () => thread.composer?.filesChanged(),
      discard: (uploads) => this.discard(uploads),
      describe: (picture) => this.#describe(picture),
    });
    this.chooser = new AttachmentChooser((files) => this.#add(files));
    this.recorder = new VoiceRecorder({
      showError,
      announce,
      changed: () => thread.composer.filesChanged(),
      note: () => thread.note,
      send: (voice) => thread.send("", thread.composer.takeReply(), [voice]),
    });
  }

  /** Called after the setup of the view. `box` contains the messages. */
  listen(section, box) {
    this.#section = section;
    this.chooser.acceptDrops(section, () => this.#thread.isOpen() && this.#thread.composer.takesFiles);
    box.addEventListener("focusin", (event) => tabbable(event.target, 0));
    box.addEventListener("focusout", (event) => {
      const row = event.target.closest(".row-message");
      if (row && !row.contains(event.relatedTarget)) tabbable(row, -1);
    });
  }

  /** The context for drawing a message. */
  get context() {
    const { addresses, previews, limits } = this;
    return { addresses, previews, limits, openPicture: (slot) => this.#open(slot), showError: (error) => this.#thread.showError(error) };
  }

  /** These files are in the outbox now. A recording was never in the tray, so the files in the tray stay. */
  sent(files) {
    if (files.length && files.every(({ kind }) => kind !== "voice")) this.tray.clear();
  }

  /** Add uploads that the server has already to the message, such as the files of a canned answer. */
  attach(uploads) {
    this.tray.addUploaded(uploads);
  }

  /** Delete uploads that no message is going to have, so that they do not count against the user's quota for a day. */
  discard(uploads) {
    for (const { id } of uploads) this.#thread.client.rest.delete(`/chat/uploads/${id}`).catch(() => undefined);
  }

  deleted(messageId) {
    this.#viewer?.drop(messageId);
  }

  destroy() {
    stopVoices();
    this.#isDestroyed = true;
    this.#viewer?.close();
    this.recorder.destroy();
    this.tray.discard();
    this.previews.destroy();
  }

  #add(files) {
    if (!this.#thread.isOpen()) return;
    this.tray.add(files);
    this.#thread.composer.focus();
  }

  /** Open the viewer at this picture, with all pictures that are loaded. */
  async #open({ message, index }) {
    const { Viewer } = await openViewer(this.#thread.note);
    if (this.#isDestroyed) return;
    this.#viewer ??= new Viewer(this.#section, this.addresses);
    const slots = this.#thread.source.messages.filter(({ deletedAt }) => !deletedAt).flatMap((each) => this.#visible(each));
    const at = slots.findIndex((slot) => slot.message.id === message.id && slot.index === index);
    if (at >= 0) this.#viewer.open(slots, at);
  }

  async #describe(picture) {
    const { askDescription } = await openDialogs(this.#thread.note);
    return askDescription(this.#section, { ...picture, limit: DESCRIPTION });
  }

  #visible(message) {
    const name = this.#thread.people.nameOf(message);
    return (message.attachments ?? [])
      .map((attachment, index) => ({ message, attachment, index, name, preview: this.previews.of(message, index) }))
      .filter(({ attachment: { kind, state, url }, preview }) => {
        return ["image", "video"].includes(kind) && state !== "rejected" && (url || preview);
      });
  }
}

/** Only the files of the focused message are in the tab order. */
function tabbable(target, tabIndex) {
  const row = target.closest(".row-message");
  for (const control of row?.querySelectorAll(".attachments :is(a, button, input)") ?? []) control.tabIndex = tabIndex;
}
