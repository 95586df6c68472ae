const TYPES = ["audio/webm;codecs=opus", "audio/mp4", "audio/ogg;codecs=opus"];
const TICK = 100; // milliseconds between two measurements of the volume
const POINTS = 64; // of the waveform that is sent with it

/** One recording by the microphone, with its volume over time. */
export class Recording {
  #stream;
  #recorder;
  #audio;
  #analyser;
  #timer;
  #chunks = [];
  #levels = [];
  #startedAt = performance.now();
  #handlers;

  /** Ask for the microphone; throws the browser's refusal. Calls `level(percent, elapsed)`, and `ended()` if it is unplugged. */
  static async start(handlers) {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: { echoCancellation: true, noiseSuppression: true } });
    return new Recording(stream, handlers);
  }

  constructor(stream, handlers) {
    this.#stream = stream;
    this.#handlers = handlers;
    const mimeType = TYPES.find((type) => MediaRecorder.isTypeSupported(type));
    this.#recorder = new MediaRecorder(stream, mimeType ? { mimeType } : {});
    this.#recorder.ondataavailable = ({ data }) => data.size && this.#chunks.push(data);
    stream.getAudioTracks()[0].addEventListener("ended", () => handlers.ended());
    this.#audio = new AudioContext();
    this.#analyser = this.#audio.createAnalyser();
    this.#audio.createMediaStreamSource(stream).connect(this.#analyser);
    this.#recorder.start(1_000);
    this.#timer = setInterval(() => this.#measure(), TICK);
  }

  get elapsed() {
    return performance.now() - this.#startedAt;
  }

  /** `{file, durationMs, waveform}`. */
  async stop() {
    const durationMs = Math.round(this.elapsed);
    const stopped = new Promise((resolve) => (this.#recorder.onstop = resolve));
    if (this.#recorder.state === "inactive") this.#recorder.onstop();
    else this.#recorder.stop();
    await stopped;
    this.#release();
    const type = this.#recorder.mimeType.split(";")[0] || "audio/webm";
    const file = new File(this.#chunks, `voice-message.${type.split("/")[1]}`, { type });
    return { file, durationMs, waveform: waveformOf(this.#levels) };
  }

  cancel() {
    if (this.#recorder.state !== "inactive") this.#recorder.stop();
    this.#release();
  }

  /** Release the microphone, so that the browser's indicator goes off. */
  #release() {
    clearInterval(this.#timer);
    for (const track of this.#stream.getTracks()) track.stop();
    if (this.#audio.state !== "closed") this.#audio.close();
  }

  #measure() {
    const samples = new Float32Array(this.#analyser.fftSize);
    this.#analyser.getFloatTimeDomainData(samples);
    const loudness = Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length);
    // Volume is perceived in decibels: from -60 dB (silence) to 0.
    const level = Math.round(Math.min(100, Math.max(0, 100 + (100 / 60) * 20 * Math.log10(loudness || 1e-6))));
    this.#levels.push(level);
    this.#handlers.level(level, this.elapsed);
  }
}

function waveformOf(levels) {
  const count = Math.min(POINTS, levels.length);
  return Array.from({ length: count }, (_, point) => {
    const [from, to] = [point, point + 1].map((at) => Math.floor((at * levels.length) / count));
    return Math.max(...levels.slice(from, to));
  });
}
