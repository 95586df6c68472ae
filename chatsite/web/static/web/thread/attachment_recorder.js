import { el, iconButton } from "./dom.js";
import { onDemand } from "./on_demand.js";
import { gettext } from "./texts.js";

const openPanel = onDemand(() => import("./attachment_recorder_panel.js"));

/** The button that records a voice message, and the place of the recorder, which then replaces the text field. */
export class VoiceRecorder {
  button;
  element = el("div", { class: "recorder", role: "group", "aria-label": gettext("Voice recording"), hidden: true });
  #handlers;
  #panel = null;
  #isDestroyed = false;

  /**
   * `handlers`: send({file, kind, durationMs, waveform}), showError(error), announce(text), changed(isRecording), and
   * note(), where to say that the recorder could not be loaded.
   */
  constructor(handlers) {
    this.#handlers = handlers;
    this.button = iconButton("voice", gettext("Record a voice message"), { class: "record", on: { click: () => this.#start() } });
    this.button.hidden = !canRecord();
  }

  get isRecording() {
    return this.#panel?.isRecording ?? false;
  }

  destroy() {
    this.#isDestroyed = true;
    this.#panel?.cancel();
  }

  async #start() {
    const { RecorderPanel } = await openPanel(this.#handlers.note());
    if (this.#isDestroyed || this.isRecording || this.button.disabled) return;
    this.#panel ??= new RecorderPanel(this.element, this.#handlers);
    this.button.disabled = true; // while the browser asks for permission
    await this.#panel.start();
    this.button.disabled = false;
  }
}

function canRecord() {
  return Boolean(globalThis.MediaRecorder && navigator.mediaDevices?.getUserMedia);
}
