import { mountCopyButtons } from "./copy_buttons.js";
import { mountSettings } from "./settings.js";

/** A page of forms, which needs no script of its own. */
mountSettings();
mountCopyButtons();
