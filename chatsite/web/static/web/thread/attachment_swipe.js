const ACROSS = 50; // pixels of a swipe to another picture
const DOWN = 90;

/**
 * A finger that moves over the viewer: sideways to another picture, down to close it. A second finger zooms instead. A
 * video has its own controls, so a swipe that begins on a video is ignored.
 */
export class Swipe {
  #began = null;
  #fingers = new Set();
  #actions;

  /** `actions`: `isFree()`, whether the picture is not zoomed, so that a swipe does not move it; `across(direction)`, `down()`. */
  constructor(stage, actions) {
    this.#actions = actions;
    stage.addEventListener("pointerdown", (event) => this.#onDown(event));
    stage.addEventListener("pointerup", (event) => this.#onUp(event));
    stage.addEventListener("pointercancel", (event) => this.#onCancel(event));
  }

  #onDown({ pointerId, pointerType, target, clientX, clientY }) {
    if (pointerType === "mouse") return;
    this.#fingers.add(pointerId);
    const isSwipe = this.#fingers.size === 1 && target.tagName !== "VIDEO" && this.#actions.isFree();
    this.#began = isSwipe ? { x: clientX, y: clientY } : null;
  }

  #onUp({ pointerId, clientX, clientY }) {
    this.#fingers.delete(pointerId);
    const began = this.#began;
    this.#began = null;
    if (!began) return;
    const [x, y] = [clientX - began.x, clientY - began.y];
    if (Math.abs(x) > ACROSS && Math.abs(x) > Math.abs(y)) this.#actions.across(Math.sign(x));
    else if (y > DOWN && y > Math.abs(x)) this.#actions.down();
  }

  #onCancel({ pointerId }) {
    this.#fingers.delete(pointerId);
    this.#began = null;
  }
}
