const MOST = 6;
const STEP = 1.5;

/** Zooms a picture by buttons, wheel, double click or two fingers, and moves a zoomed picture. */
export class PictureZoom {
  #stage;
  #image;
  #scale = 1;
  #offset = { x: 0, y: 0 };
  #fingers = new Map();

  constructor(stage, image) {
    this.#stage = stage;
    this.#image = image;
    image.addEventListener("dblclick", (event) => (this.isZoomed ? this.reset() : this.#to(2.5, this.#place([event]))));
    image.addEventListener("wheel", (event) => this.#onWheel(event), { passive: false });
    image.addEventListener("pointerdown", (event) => this.#onDown(event));
    image.addEventListener("pointermove", (event) => this.#onMove(event));
    for (const end of ["pointerup", "pointercancel"]) image.addEventListener(end, ({ pointerId }) => this.#fingers.delete(pointerId));
  }

  get isZoomed() {
    return this.#scale > 1;
  }

  /** One step larger (1) or smaller (-1). */
  step(direction) {
    this.#to(this.#scale * STEP ** direction);
  }

  reset() {
    this.#to(1);
  }

  /** Keep the point at this position, counted from the middle, where it is. */
  #to(scale, place = { x: 0, y: 0 }) {
    const before = this.#scale;
    this.#scale = Math.min(MOST, Math.max(1, scale));
    const grown = this.#scale / before;
    this.#offset = {
      x: place.x - (place.x - this.#offset.x) * grown,
      y: place.y - (place.y - this.#offset.y) * grown,
    };
    this.#draw();
  }

  /** The centre of these points, relative to the middle of the stage. */
  #place(points) {
    const { left, top, width, height } = this.#stage.getBoundingClientRect();
    const middle = (axis) => points.reduce((sum, point) => sum + point[axis], 0) / points.length;
    return { x: middle("clientX") - left - width / 2, y: middle("clientY") - top - height / 2 };
  }

  #onWheel(event) {
    event.preventDefault();
    this.#to(this.#scale * 1.002 ** -event.deltaY, this.#place([event]));
  }

  #onDown(event) {
    this.#fingers.set(event.pointerId, event);
    this.#image.setPointerCapture(event.pointerId);
  }

  #onMove(event) {
    const held = this.#fingers.get(event.pointerId);
    if (!held) return;
    const before = this.#spread;
    const [x, y] = [event.clientX - held.clientX, event.clientY - held.clientY];
    this.#fingers.set(event.pointerId, event);
    const fingers = [...this.#fingers.values()];
    if (fingers.length === 2 && before) return this.#to((this.#scale * this.#spread) / before, this.#place(fingers));
    this.#offset = { x: this.#offset.x + x, y: this.#offset.y + y };
    return this.#draw();
  }

  /** The distance between two fingers. */
  get #spread() {
    const [a, b] = [...this.#fingers.values()];
    return a && b ? Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY) : 0;
  }

  /** Keep the picture on the stage. */
  #draw() {
    const room = (size, place) => Math.max(0, (size * this.#scale - place) / 2);
    const across = room(this.#image.offsetWidth, this.#stage.clientWidth);
    const down = room(this.#image.offsetHeight, this.#stage.clientHeight);
    this.#offset.x = Math.min(across, Math.max(-across, this.#offset.x));
    this.#offset.y = Math.min(down, Math.max(-down, this.#offset.y));
    this.#image.style.transform = `translate(${this.#offset.x}px, ${this.#offset.y}px) scale(${this.#scale})`;
    this.#image.classList.toggle("is-zoomed", this.#scale > 1);
  }
}
