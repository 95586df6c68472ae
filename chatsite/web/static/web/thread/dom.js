/**
 * Create an element. `attributes` are HTML attributes, and `on: {event: listener}`. Null and false are left out; true is empty.
 * Children are nodes or texts. Nothing here parses markup, so the text of a user never becomes an element.
 */
export function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "on") listen(element, value);
    else if (value !== null && value !== undefined && value !== false) {
      element.setAttribute(name, value === true ? "" : value);
    }
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

function listen(element, listeners) {
  for (const [event, listener] of Object.entries(listeners)) element.addEventListener(event, listener);
}

/** A text for screen readers only. */
export function hidden(text) {
  return el("span", { class: "visually-hidden" }, text);
}

/** A button with an icon, and a text for screen readers. */
export function iconButton(name, label, attributes = {}) {
  const { class: classes = "", ...others } = attributes;
  const named = { class: `icon-button ${classes}`.trim(), "aria-label": label, title: label };
  const given = { type: "button", ...named, ...others };
  return el("button", given, icon(name));
}

const SVG = "http://www.w3.org/2000/svg";
const SHAPES = {
  back: ["M15 5l-7 7 7 7"],
  send: ["M4 12l16-8-5 16-3.5-6.5z", "M11.5 13.5L20 4"],
  more: ["M5 12h.01", "M12 12h.01", "M19 12h.01"],
  close: ["M6 6l12 12", "M18 6L6 18"],
  down: ["M12 5v14", "M6 13l6 6 6-6"],
  reply: ["M9 7l-5 5 5 5", "M4 12h10a6 6 0 0 1 6 6v1"],
  edit: ["M4 20h4L19 9l-4-4L4 16z"],
  delete: ["M5 7h14", "M10 7V4h4v3", "M7 7l1 13h8l1-13"],
  copy: ["M9 9h11v11H9z", "M5 15H4V4h11v1"],
  history: ["M4 12a8 8 0 1 0 2.5-5.8L4 8.5", "M4 4v4.5h4.5", "M12 8v4.5l3 1.8"],
  report: ["M5 21V4", "M5 4h13l-3 4.5 3 4.5H5"],
  image: ["M4 5h16v14H4z", "M4 16l5-5 4 4 3-3 4 4", "M15.5 9h.01"],
  file: ["M6 3h8l4 4v14H6z", "M14 3v4h4"],
  voice: ["M12 4a3 3 0 0 1 3 3v4a3 3 0 0 1-6 0V7a3 3 0 0 1 3-3z", "M6 11a6 6 0 0 0 12 0", "M12 17v3"],
  play: ["M8 5l11 7-11 7z"],
  pause: ["M8 5v14", "M16 5v14"],
  download: ["M12 4v11", "M7 11l5 5 5-5", "M5 20h14"],
  attach: ["M19 11l-7.5 7.5a4.5 4.5 0 0 1-6.4-6.4L13 4.3a3 3 0 0 1 4.3 4.3l-7.8 7.7a1.5 1.5 0 0 1-2.1-2.1L14 7.6"],
  camera: ["M4 8h4l2-3h4l2 3h4v11H4z", "M12 10a3.2 3.2 0 1 0 0 6.4 3.2 3.2 0 0 0 0-6.4z"],
  "zoom-in": ["M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13z", "M15.5 15.5L20 20", "M10.5 8v5", "M8 10.5h5"],
  "zoom-out": ["M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13z", "M15.5 15.5L20 20", "M8 10.5h5"],
  offer: ["M4 12V4h8l8 8-8 8z", "M8 8h.01"],
  pin: ["M9 4h6l-1 6 3 3H7l3-3z", "M12 13v7"],
  mute: ["M18 9a6 6 0 0 0-10-4", "M6 9c0 6-2 7-2 7h12", "M10.5 20h3", "M3 3l18 18"],
  block: ["M12 4a8 8 0 1 0 .01 0", "M6.5 6.5l11 11"],
  dot: ["M12 8a4 4 0 1 0 .01 0"],
  emoji: ["M12 4a8 8 0 1 0 .01 0", "M9 10h.01", "M15 10h.01", "M8.5 14a4 4 0 0 0 7 0"],
  print: ["M7 8V4h10v4", "M7 17H4V9h16v8h-3", "M7 14h10v6H7z"],
  assign: ["M12 5a3.5 3.5 0 1 0 .01 0", "M5 20a7 7 0 0 1 14 0"],
  label: ["M4 5h9l7 7-7 7H4z", "M8 12h.01"],
  flag: ["M6 21V4", "M6 5h12l-2.5 4L18 13H6"],
  archive: ["M3.5 5h17v4h-17z", "M5 9v10.5h14V9", "M10 13h4"],
  lock: ["M6 11h12v9H6z", "M8.5 11V8a3.5 3.5 0 0 1 7 0v3"],
  clock: ["M12 5a7 7 0 1 0 0 14 7 7 0 0 0 0-14z", "M12 8.5V12l2.5 1.5"],
  failed: ["M12 5a7 7 0 1 0 0 14 7 7 0 0 0 0-14z", "M12 9v3.5", "M12 15.3h.01"],
  tick: ["M5 12.5l4 4L18 7.5"],
  ticks: ["M1.5 12.5l4 4L14.5 7.5", "M10 15.2l1.3 1.3L20.5 7.5"],
};

export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  for (const [key, value] of Object.entries({ viewBox: "0 0 24 24", "aria-hidden": "true", focusable: "false" })) {
    svg.setAttribute(key, value);
  }
  svg.classList.add("icon");
  for (const shape of SHAPES[name]) {
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("d", shape);
    svg.append(path);
  }
  return svg;
}
