import { el, iconButton } from "./dom.js";
import { Menu } from "./menu.js";
import { gettext } from "./texts.js";

const PHONE = "(pointer: coarse) and (hover: none)";

/** Adds files to the tray: by a button with the file dialog or the camera, by paste, and by drop. */
export class AttachmentChooser {
  button;
  #files = input({ multiple: true });
  #camera = input({ accept: "image/*", capture: "environment" });
  #menu = null;
  #add;

  /** `add(files)` receives them. */
  constructor(add) {
    this.#add = add;
    const click = () => this.#choose();
    this.button = iconButton("attach", gettext("Attach files"), { class: "attach", on: { click } });
    for (const chosen of [this.#files, this.#camera]) {
      chosen.addEventListener("change", () => {
        add([...chosen.files]);
        chosen.value = ""; // so that the same file can be chosen again
      });
    }
  }

  /** Returns whether the clipboard had files. A copied table also has a picture of itself; its text takes precedence. */
  paste(event) {
    const { files, types } = event.clipboardData ?? {};
    if (!files?.length || types.includes("text/plain")) return false;
    event.preventDefault();
    this.#add([...files]);
    return true;
  }

  /** Accept files that are dropped anywhere on `target`, while `isWanted()`. */
  acceptDrops(target, isWanted) {
    const overlay = el("p", { class: "drop-overlay", hidden: true, "aria-hidden": "true" }, gettext("Drop files here to attach them"));
    target.append(overlay);
    target.append(this.#files, this.#camera);
    this.#menu = new Menu(target, gettext("Attach files"));
    const has = (event) => event.dataTransfer?.types.includes("Files") && isWanted();
    let depth = 0; // elements that the pointer has entered and not left
    const show = (change) => {
      depth = Math.max(0, depth + change);
      overlay.hidden = depth === 0;
    };
    target.addEventListener("dragenter", (event) => has(event) && (event.preventDefault(), show(1)));
    target.addEventListener("dragover", (event) => has(event) && event.preventDefault());
    target.addEventListener("dragleave", (event) => has(event) && show(-1));
    target.addEventListener("drop", (event) => {
      if (!has(event)) return;
      event.preventDefault();
      show(-depth);
      this.#add([...event.dataTransfer.files]);
    });
  }

  #choose() {
    if (!matchMedia(PHONE).matches) return this.#files.click();
    const items = [
      { label: gettext("Photos and files"), icon: "file", act: () => this.#files.click() },
      { label: gettext("Take a photo"), icon: "camera", act: () => this.#camera.click() },
    ];
    return this.#menu.open(items, this.button);
  }
}

function input(attributes) {
  return el("input", { type: "file", class: "visually-hidden", tabindex: "-1", "aria-hidden": "true", ...attributes });
}
