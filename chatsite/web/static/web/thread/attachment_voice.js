import { durationText } from "./attachment_texts.js";
import { el, icon, iconButton } from "./dom.js";
import { gettext, interpolate } from "./texts.js";

const SPEEDS = [1, 1.5, 2];
const BARS = 40;
const FLAT = Array(BARS).fill(12); // if the recording has no waveform
const SVG = "http://www.w3.org/2000/svg";

let playing = null; // a page plays one voice message at a time
let speed = 1; // the user's choice, also for the next voice messages

/** Plays a voice message. Its waveform is a slider for the position. */
export class VoicePlayer {
  element;
  #audio = null;
  #slot;
  #context;
  #renewed = false;
  #play = iconButton("play", gettext("Play"), { class: "voice-play", on: { click: () => this.toggle() } });
  #bars = el("span", { class: "voice-bars", "aria-hidden": "true" });
  #place = el("input", {
    type: "range",
    class: "voice-place",
    min: "0",
    max: "1000",
    value: "0",
    step: "20",
    "aria-label": gettext("Position in the recording"),
    on: { input: () => this.#seek() },
  });
  #time = el("span", { class: "voice-time" });
  #speed = el("button", { type: "button", class: "voice-speed", tabindex: "-1", on: { click: () => this.#faster() } });

  constructor() {
    this.#play.tabIndex = -1;
    this.#place.tabIndex = -1;
    const middle = el("span", { class: "voice-middle" }, this.#bars, this.#place);
    const parts = [this.#play, el("span", { class: "voice-body" }, middle, this.#time), this.#speed];
    this.element = el("div", { class: "voice", role: "group", "aria-label": gettext("Voice message") }, ...parts);
  }

  show(slot, context) {
    const waveform = JSON.stringify(slot.attachment.waveform);
    if (this.element.dataset.waveform !== waveform) {
      this.element.dataset.waveform = waveform;
      this.#bars.replaceChildren(drawBars(slot.attachment.waveform), drawBars(slot.attachment.waveform));
    }
    this.#slot = slot;
    this.#context = context;
    const hasSound = Boolean(this.#source);
    this.#play.disabled = this.#place.disabled = !hasSound;
    this.element.classList.toggle("is-waiting", !hasSound);
    this.#draw();
  }

  toggle() {
    if (playing === this) this.#pause();
    else this.#start();
  }

  get #source() {
    const { attachment, preview } = this.#slot;
    return preview?.url ?? this.#context.addresses.of(attachment.url);
  }

  /** In seconds. Some recordings do not contain their duration, but the server has measured it. */
  get #duration() {
    const known = (this.#slot.attachment.durationMs ?? 0) / 1000;
    const own = this.#audio?.duration;
    return known || (Number.isFinite(own) ? own : 0);
  }

  async #start() {
    playing?.#pause();
    playing = this;
    this.#audio ??= this.#newAudio();
    this.#audio.playbackRate = speed;
    this.#draw();
    try {
      await this.#audio.play();
    } catch (error) {
      if (error.name !== "AbortError") this.#failed(); // paused before it began
    }
  }

  #newAudio() {
    const audio = new Audio(this.#source);
    audio.preservesPitch = true;
    const draw = () => {
      if (playing === this && !this.element.isConnected) this.#pause(); // removed, because the user scrolled far away or opened another conversation
      this.#draw();
    };
    audio.addEventListener("timeupdate", draw);
    audio.addEventListener("loadedmetadata", draw);
    audio.addEventListener("ended", () => {
      audio.currentTime = 0;
      this.#pause();
    });
    return audio;
  }

  /** The address may have expired, so try a fresh one. A second failure comes from the file or the network. */
  async #failed() {
    const { message, attachment } = this.#slot;
    const fresh = this.#renewed ? null : await this.#context.addresses.renew(message.id, attachment.id);
    this.#renewed = !this.#renewed;
    if (playing !== this) return;
    this.#pause();
    if (fresh?.url) {
      this.#audio.src = this.#context.addresses.of(fresh.url);
      this.#start();
    } else {
      this.#context.showError({ message: gettext("The recording could not be played.") });
    }
  }

  #pause() {
    this.#audio?.pause();
    if (playing === this) playing = null;
    this.#draw();
  }

  #seek() {
    this.#audio ??= this.#newAudio();
    this.#audio.currentTime = (this.#place.value / 1000) * this.#duration;
    this.#draw();
  }

  #faster() {
    speed = SPEEDS[(SPEEDS.indexOf(speed) + 1) % SPEEDS.length];
    if (this.#audio) this.#audio.playbackRate = speed;
    this.#draw();
  }

  #draw() {
    const isPlaying = playing === this;
    const label = isPlaying ? gettext("Pause") : gettext("Play");
    if (this.#play.getAttribute("aria-label") !== label) {
      this.#play.setAttribute("aria-label", label);
      this.#play.title = label;
    }
    if (this.#play.dataset.playing !== String(isPlaying)) {
      this.#play.dataset.playing = String(isPlaying);
      this.#play.replaceChildren(icon(isPlaying ? "pause" : "play"));
    }
    const at = this.#audio?.currentTime ?? 0;
    const part = this.#duration ? Math.min(1, at / this.#duration) : 0;
    this.#place.value = Math.round(1000 * part);
    this.#place.setAttribute("aria-valuetext", durationText(1000 * at));
    this.#bars.style.setProperty("--played", String(part));
    this.#time.textContent = this.#timeText(at);
    this.#speed.textContent = `${speed}×`;
    this.#speed.setAttribute("aria-label", interpolate(gettext("Speed: %(speed)s"), { speed: `${speed}×` }));
  }

  #timeText(at) {
    if (this.element.classList.contains("is-waiting")) return gettext("being processed…");
    return durationText(1000 * (at || this.#duration));
  }
}

/** The volume as `BARS` bars, in a drawing that stretches to its container. */
function drawBars(waveform) {
  const given = waveform?.length ? waveform : FLAT;
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", `0 0 ${BARS * 3} 100`);
  svg.setAttribute("preserveAspectRatio", "none");
  const path = document.createElementNS(SVG, "path");
  const lines = Array.from({ length: BARS }, (_, bar) => {
    const [from, to] = [bar, bar + 1].map((at) => Math.floor((at * given.length) / BARS));
    const part = given.slice(from, Math.max(to, from + 1));
    const half = Math.max(4, Math.min(100, Math.max(0, ...part))) / 2;
    return `M${bar * 3 + 1} ${50 - half}v${2 * half}`;
  });
  path.setAttribute("d", lines.join(""));
  svg.append(path);
  return svg;
}

/** Stop the voice message that is playing, when the view is removed. */
export function stopVoices() {
  playing?.toggle();
}
