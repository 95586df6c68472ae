import { leaveToAnotherUser } from "./another_user.js";
import { mountCopyButtons } from "./copy_buttons.js";
import { mountSettings } from "./settings.js";

/** A page of forms without its own script. */
mountSettings();
leaveToAnotherUser();
mountCopyButtons();
