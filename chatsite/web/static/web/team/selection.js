import { make } from "../dom.js";

const LONG_PRESS = 450; // milliseconds
const MOVED = 10; // pixels after which a press is the beginning of a scroll

/** The conversations that are chosen in the list: by checkbox, key, range, or a long press. */
export class Selection {
  #rows;
  #canSelect;
  #changed;
  #chosen = new Set();
  #anchor = null;
  #press = null;
  #withShift = false;
  #isTouch = false;

  /** `canSelect(id)` returns the name of a conversation that may be selected, or "". `changed()` is called after each change. */
  constructor(rows, { canSelect, changed }) {
    this.#rows = rows;
    this.#canSelect = canSelect;
    this.#changed = changed;
    this.#listen();
    this.drawn();
  }

  get ids() {
    return this.#listedIds().filter((id) => this.#chosen.has(id));
  }

  get size() {
    return this.#chosen.size;
  }

  keep(ids) {
    const kept = new Set(ids);
    this.#chosen = new Set(this.ids.filter((id) => kept.has(id)));
    this.#notify();
  }

  clear() {
    this.keep([]);
    this.#anchor = null;
  }

  /** The list has other rows now: each has a checkbox, and what is not listed any more is not chosen. */
  drawn() {
    const before = this.#chosen.size;
    const listed = new Set(this.#listedIds());
    for (const id of this.#chosen) if (!listed.has(id)) this.#chosen.delete(id);
    for (const item of this.#rows.children) this.#drawBox(item);
    if (this.#chosen.size !== before) this.#notify();
  }

  #drawBox(item) {
    const name = this.#canSelect(item.dataset.id);
    let label = item.querySelector(".entry-check");
    if (!name) return label?.remove();
    if (!label) {
      label = make("label", { className: "entry-check" }, make("input", { type: "checkbox", tabIndex: -1 }));
      item.prepend(label);
    }
    const box = label.firstElementChild;
    box.checked = this.#chosen.has(item.dataset.id);
    box.ariaLabel = interpolate(gettext("Select %(name)s"), { name }, true);
    return item.classList.toggle("is-chosen", box.checked);
  }

  #notify() {
    this.#rows.classList.toggle("is-selecting", this.#chosen.size > 0);
    for (const item of this.#rows.children) this.#drawBox(item);
    this.#changed();
  }

  #listedIds() {
    return [...this.#rows.children].map((item) => item.dataset.id);
  }

  #toggle(id) {
    if (!this.#canSelect(id)) return;
    if (!this.#chosen.delete(id)) this.#chosen.add(id);
    this.#anchor = id;
    this.#notify();
  }

  /** Everything between the last one that was chosen and this one. */
  #extend(id) {
    const order = this.#listedIds();
    const from = Math.max(0, order.indexOf(this.#anchor ?? id));
    const [first, last] = [from, order.indexOf(id)].sort((a, b) => a - b);
    for (const each of order.slice(first, last + 1)) if (this.#canSelect(each)) this.#chosen.add(each);
    this.#anchor = id;
    this.#notify();
  }

  #listen() {
    const on = (name, act) => this.#rows.addEventListener(name, act, true);
    on("click", (event) => this.#onClick(event));
    on("keydown", (event) => this.#onKey(event));
    on("pointerdown", (event) => this.#onPress(event));
    on("contextmenu", (event) => this.#isTouch && this.#canSelect(idOf(event.target)) && cancelEvent(event));
    for (const name of ["pointerup", "pointercancel", "dragstart"]) on(name, () => this.#endPress());
    on("pointermove", ({ clientX, clientY }) => {
      if (this.#press && Math.hypot(clientX - this.#press.x, clientY - this.#press.y) > MOVED) this.#endPress();
    });
  }

  #onClick(event) {
    const id = idOf(event.target);
    if (!id) return;
    const label = event.target.closest(".entry-check");
    if (label && event.target === label) {
      this.#withShift = event.shiftKey; // the click on the box that follows may not know
      event.stopPropagation();
      return;
    }
    const isLongPress = this.#isTouch && this.#press?.isOver;
    this.#press = null;
    if (isLongPress) return void cancelEvent(event);
    const isRange = event.shiftKey || this.#withShift;
    this.#withShift = false;
    const isTap = this.#isTouch && this.#chosen.size > 0;
    if (!label && !isRange && !isTap) return;
    event.stopPropagation();
    if (!label) event.preventDefault();
    if (isRange) this.#extend(id);
    else this.#toggle(id);
  }

  #onPress(event) {
    this.#isTouch = event.pointerType === "touch";
    this.#press = null;
    const id = idOf(event.target);
    if (!this.#isTouch || !id || !this.#canSelect(id)) return;
    const press = { x: event.clientX, y: event.clientY, isOver: false };
    this.#press = press;
    press.timer = setTimeout(() => {
      press.isOver = true;
      navigator.vibrate?.(10);
      this.#toggle(id);
    }, LONG_PRESS);
  }

  /** A press that was long enough waits for its click. */
  #endPress() {
    clearTimeout(this.#press?.timer);
    if (!this.#press?.isOver) this.#press = null;
  }

  #onKey(event) {
    const row = () => idOf(document.activeElement);
    const id = row();
    if (!id || event.altKey) return;
    const isCommand = event.ctrlKey || event.metaKey;
    if (isCommand && event.key === "a") {
      for (const each of this.#listedIds()) if (this.#canSelect(each)) this.#chosen.add(each);
      this.#notify();
    } else if (!isCommand && event.key === "x") this.#toggle(id);
    else if (!isCommand && event.shiftKey && /^Arrow(Up|Down)$/.test(event.key)) {
      if (!this.#chosen.size) this.#anchor = id;
      return void setTimeout(() => row() && this.#extend(row())); // after the focus has moved on
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }
}

function idOf(element) {
  return element.closest("[data-id]")?.dataset.id;
}

function cancelEvent(event) {
  event.preventDefault();
  event.stopPropagation();
}
