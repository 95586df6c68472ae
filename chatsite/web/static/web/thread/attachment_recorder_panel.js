import { durationText } from "./attachment_texts.js";
import { el, iconButton } from "./dom.js";
import { Recording } from "./attachment_recording.js";
import { gettext, interpolate } from "./texts.js";

const MOST = 10 * 60_000; // milliseconds, the longest recording
const BARS = 32;

const TROUBLES = {
  NotAllowedError: () => gettext("The microphone is blocked. Allow it in the settings of your browser."),
  NotFoundError: () => gettext("No microphone was found."),
  NotReadableError: () => gettext("Another program is using the microphone."),
};

/** Records a voice message. It shows volume and duration, and then sends or discards the recording. */
export class RecorderPanel {
  #element;
  #handlers;
  #recording = null;
  #time = el("span", { class: "recorder-time" });
  #level = el("span", { class: "recorder-level", "aria-hidden": "true" });
  #bars = Array.from({ length: BARS }, () => el("i"));

  /** `element`: where it is shown; hidden except during a recording. `handlers`: those of `VoiceRecorder`. */
  constructor(element, handlers) {
    this.#element = element;
    this.#handlers = handlers;
    this.#level.append(...this.#bars);
    this.#element.append(
      iconButton("delete", gettext("Discard the recording"), { class: "recorder-cancel", on: { click: () => this.cancel() } }),
      el("span", { class: "recorder-dot", "aria-hidden": "true" }),
      this.#time,
      this.#level,
      iconButton("send", gettext("Send the recording"), { class: "send recorder-send", on: { click: () => this.#send() } }),
    );
    this.#element.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      this.cancel();
    });
  }

  get isRecording() {
    return this.#recording !== null;
  }

  cancel() {
    this.#recording?.cancel();
    this.#end(gettext("Recording discarded"));
  }

  async start() {
    try {
      this.#recording = await Recording.start({ level: (level, elapsed) => this.#draw(level, elapsed), ended: () => this.cancel() });
    } catch (error) {
      const words = TROUBLES[error.name]?.() ?? error.message;
      this.#handlers.showError({ message: words });
      return;
    }
    for (const bar of this.#bars) bar.style.blockSize = "";
    this.#draw(0, 0);
    this.#element.hidden = false;
    this.#handlers.changed(true);
    this.#handlers.announce(gettext("Recording"));
    this.#element.querySelector(".recorder-send").focus();
  }

  async #send() {
    const recording = this.#recording;
    if (!recording) return;
    this.#recording = null; // a second click sends nothing
    const recorded = await recording.stop();
    this.#end();
    if (recorded.file.size) this.#handlers.send({ ...recorded, kind: "voice" });
  }

  #end(words) {
    if (this.#element.hidden) return;
    this.#recording = null;
    this.#element.hidden = true;
    this.#handlers.changed(false);
    if (words) this.#handlers.announce(words);
  }

  #draw(level, elapsed) {
    const left = MOST - elapsed;
    this.#time.textContent =
      left > 30_000 ? durationText(elapsed) : interpolate(gettext("%(time)s left"), { time: durationText(left) });
    const [first] = this.#bars;
    this.#level.append(first);
    this.#bars.push(this.#bars.shift());
    first.style.blockSize = `${Math.max(8, level)}%`;
    if (left <= 0) this.#send();
  }
}
