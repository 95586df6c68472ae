import { getPreference, setPreference } from "./preferences.js";

const NAME = "sound"; // "off" if the user wants none
const LAST = "sound-at"; // when a tab of this browser last made one
const PAUSE = 3_000; // milliseconds between two of them, over all tabs
const NOTES = [659.25, 880]; // hertz: a fourth, upwards
const STEP = 0.09; // seconds from note to note
const LENGTH = 0.35; // seconds of a note
const LOUDNESS = 0.06; // of 1

/** A short soft tone for a message in a conversation that the user is not looking at. */
export class Sounds {
  #button;
  #quietHours;
  #audio = null;

  /** `news`: a `NewMessages`. `quietHours`: `{from, to, timezone}`, or null. */
  constructor(root, { news, quietHours }) {
    this.#quietHours = quietHours;
    if (!("AudioContext" in globalThis)) return;
    this.#button = root.querySelector("button");
    root.hidden = false;
    this.#button.addEventListener("click", () => this.#toggle());
    news.on(() => this.#onMessage());
    this.#draw();
  }

  get isOn() {
    return getPreference(NAME) !== "off";
  }

  /** Turning it on plays the tone. */
  #toggle() {
    setPreference(NAME, this.isOn ? "off" : null);
    this.#draw();
    if (this.isOn) this.#play();
  }

  #draw() {
    this.#button.textContent = this.isOn ? gettext("Turn off sounds") : gettext("Turn on sounds");
  }

  #onMessage() {
    if (!this.isOn || isWithin(this.#quietHours, new Date())) return;
    const now = Date.now();
    if (Math.abs(now - Number(getPreference(LAST))) < PAUSE) return;
    setPreference(LAST, String(now));
    this.#play();
  }

  /** Browsers allow sounds only after the user has clicked or typed in the page. */
  async #play() {
    if (navigator.userActivation && !navigator.userActivation.hasBeenActive) return;
    this.#audio ??= new AudioContext();
    if (this.#audio.state === "suspended") await this.#audio.resume();
    NOTES.forEach((pitch, index) => this.#playNote(pitch, this.#audio.currentTime + index * STEP));
  }

  #playNote(pitch, start) {
    const [tone, loudness] = [this.#audio.createOscillator(), this.#audio.createGain()];
    tone.frequency.value = pitch;
    loudness.gain.setValueAtTime(0, start);
    loudness.gain.linearRampToValueAtTime(LOUDNESS, start + 0.01);
    loudness.gain.exponentialRampToValueAtTime(0.0001, start + LENGTH);
    tone.connect(loudness).connect(this.#audio.destination);
    tone.start(start);
    tone.stop(start + LENGTH);
  }
}

/** Whether a moment is within the quiet hours, in the user's time zone. They may pass midnight. */
export function isWithin(quietHours, moment) {
  if (!quietHours) return false;
  const { from, to, timezone } = quietHours;
  const now = clockOf(timezone).format(moment);
  return from < to ? from <= now && now < to : from <= now || now < to;
}

function clockOf(timeZone) {
  const style = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
  try {
    return new Intl.DateTimeFormat("en-GB", { ...style, timeZone });
  } catch {
    return new Intl.DateTimeFormat("en-GB", style); // this browser does not know the zone: use its own
  }
}
