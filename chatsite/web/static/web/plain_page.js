import { mountCopyButtons } from "./copy_buttons.js";
import { mountSettings } from "./settings.js";

/** A page of forms without its own script. */
mountSettings();
mountCopyButtons();
