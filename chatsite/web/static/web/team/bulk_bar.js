import { make } from "../dom.js";
import { errorText } from "../error_texts.js";
import { iconButton } from "../thread/dom.js";
import { Menu } from "../thread/menu.js";
import { toast } from "../toast.js";
import { assignees, labelChanges, priorities, snoozes, undoOf } from "./bulk_actions.js";

/** Over the end of the list while conversations are chosen: what a member can set for all of them at once. */
export class BulkBar {
  element = make("div", { className: "bulk-bar", role: "toolbar", ariaLabel: gettext("Selected conversations"), hidden: true });
  #page;
  #count = make("span", { className: "bulk-count", role: "status" });
  #menu = new Menu(document.body, gettext("Selected conversations"));

  /** `page`: `states`, `me`, `selection()`, `find(id)` for a conversation. */
  constructor(page) {
    this.#page = page;
    const tools = [
      ["assign", gettext("Assign"), assignees],
      ["label", gettext("Labels"), labelChanges],
      ["flag", gettext("Priority"), priorities],
      ["clock", gettext("Snooze"), snoozes],
    ].map(([shape, label, choices]) => this.#menuButton(shape, label, choices));
    const resolve = iconButton("tick", gettext("Resolve"), { class: "bulk-resolve" });
    resolve.addEventListener("click", () => this.#set({ status: "resolved" }));
    const clear = iconButton("close", gettext("Clear the selection"));
    clear.addEventListener("click", () => this.#page.selection().clear());
    this.element.append(clear, this.#count, ...tools, resolve);
  }

  draw() {
    const { size } = this.#page.selection();
    this.element.hidden = !size;
    const text = ngettext("%(count)s selected", "%(count)s selected", size);
    this.#count.textContent = size ? interpolate(text, { count: size }, true) : "";
    if (!size) this.#menu.close();
  }

  #menuButton(shape, label, choices) {
    const button = iconButton(shape, label, { "aria-haspopup": "menu" });
    button.addEventListener("click", () => {
      if (this.#menu.isOpen) return this.#menu.close({ focus: true });
      const items = choices({ ...this.#page, conversations: this.#chosen() });
      return this.#menu.open(items.map((item) => this.#entry(item)), button);
    });
    return button;
  }

  /** `changes` is what to set, or a function that asks for it and may return null. */
  #entry({ label, icon, changes }) {
    const act = async () => {
      const wanted = typeof changes === "function" ? await changes() : changes;
      if (wanted) await this.#set(wanted);
    };
    return { label, icon, act };
  }

  #chosen() {
    return this.#page.selection().ids.map((id) => this.#page.find(id)).filter(Boolean);
  }

  async #set(changes) {
    const { states, selection } = this.#page;
    const ids = selection().ids;
    try {
      const results = await states.setMany(ids.map((conversationId) => ({ conversationId, ...changes })));
      const refused = results.filter(({ error }) => error);
      selection().keep(refused.map(({ conversationId }) => conversationId));
      this.#report(results, refused);
    } catch (error) {
      toast(errorText(error));
    }
  }

  #report(results, refused) {
    const undo = results.map(undoOf).filter(Boolean);
    const run = () => this.#undo(undo);
    toast(outcome(results.length - refused.length, refused), undo.length ? { action: gettext("Undo"), run } : {});
  }

  async #undo(changes) {
    try {
      const results = await this.#page.states.setMany(changes);
      const stay = results.filter(({ error }) => error).length;
      const text = ngettext("%(count)s conversation has changed since and was kept.", "%(count)s conversations have changed since and were kept.", stay);
      toast(stay ? interpolate(text, { count: stay }, true) : gettext("Undone."));
    } catch (error) {
      toast(errorText(error));
    }
  }
}

function outcome(done, refused) {
  if (!done) return errorText(refused[0].error);
  const said = interpolate(ngettext("%(count)s conversation changed.", "%(count)s conversations changed.", done), { count: done }, true);
  if (!refused.length) return said;
  const rest = ngettext("%(count)s could not be changed.", "%(count)s could not be changed.", refused.length);
  return `${said} ${interpolate(rest, { count: refused.length }, true)}`;
}
