import { announce, isPlainClick, make } from "../dom.js";
import { errorText } from "../error_texts.js";
import { queryOf } from "../filters.js";
import { iconButton } from "../thread/dom.js";
import { toast } from "../toast.js";
import { TEAM_FILTERS } from "./team_filters.js";
import { askView } from "./view_dialog.js";

const NO_FILTERS = { show: "all", business: "", q: "", ...Object.fromEntries(TEAM_FILTERS.map((name) => [name, ""])) };

/** The saved views above the list. The page has their links; this also saves, changes and deletes them. */
export class SavedViews {
  #place;
  #rest;
  #views;
  #businesses;
  #inbox;
  #filters;
  #replace;

  /** `replace(filters)` sets the filters of the list. `inbox` is its address. */
  constructor(place, { rest, views, businesses, inbox, filters, replace }) {
    this.#place = place;
    this.#rest = rest;
    this.#views = views;
    this.#businesses = businesses;
    this.#inbox = inbox;
    this.#filters = filters;
    this.#replace = replace;
    this.#draw();
  }

  /** The list has other filters now. */
  follow(filters) {
    this.#filters = filters;
    this.#draw();
  }

  #draw() {
    const query = queryOf(this.#filters);
    const current = this.#views.find((view) => queryOf(this.#filtersOf(view)) === query);
    const links = this.#views.map((view) => this.#link(view, view === current));
    const tools = [current?.editable && this.#editButton(current), !current && query && this.#saveButton()];
    const children = [...links, ...tools].filter(Boolean);
    this.#place.replaceChildren(...children);
    this.#place.hidden = !children.length;
    this.#place.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  #link(view, isCurrent) {
    const filters = this.#filtersOf(view);
    const title = view.scope === "business" ? gettext("For the team") : gettext("Only for me");
    const link = make("a", { className: "filter", href: this.#inbox + queryOf(filters), title }, make("bdi", {}, view.name));
    if (isCurrent) link.setAttribute("aria-current", "true");
    link.addEventListener("click", (event) => {
      if (!isPlainClick(event)) return;
      event.preventDefault();
      this.#replace(isCurrent ? NO_FILTERS : filters);
      this.#focus(view.name);
    });
    return link;
  }

  #saveButton() {
    const button = make("button", { type: "button", className: "filter view-save" }, gettext("Save view"));
    button.addEventListener("click", () => this.#attempt(() => this.#save()));
    return button;
  }

  #editButton(view) {
    const label = interpolate(gettext("Change the view %(name)s"), { name: view.name }, true);
    const button = iconButton("edit", label, { class: "view-edit" });
    button.addEventListener("click", () => this.#attempt(() => this.#change(view)));
    return button;
  }

  async #save() {
    const businesses = this.#filters.business ? [] : this.#businesses;
    const answer = await askView(document.body, { businesses });
    if (!answer) return;
    const { name, scope, businessId } = answer;
    const body = { name, scope, businessId: businessId ?? this.#filters.business, filters: wireFilters(this.#filters) };
    const view = await this.#rest.post("/team/views", body);
    this.#setViews([...this.#views, view]);
    if (this.#businesses.length > 1) this.#replace(this.#filtersOf(view));
    announce(gettext("Saved."));
    this.#focus(name);
  }

  async #change(view) {
    const answer = await askView(document.body, { view });
    if (!answer) return;
    if (answer.isDeleted) return this.#delete(view);
    const changed = await this.#rest.patch(`/team/views/${view.id}`, { name: answer.name });
    this.#setViews(this.#views.map((each) => (each === view ? changed : each)));
    this.#focus(changed.name);
  }

  async #delete(view) {
    await this.#rest.delete(`/team/views/${view.id}`);
    this.#setViews(this.#views.filter((each) => each !== view));
    const { name, scope, businessId, filters } = view;
    const restore = async () => this.#setViews([...this.#views, await this.#rest.post("/team/views", { name, scope, businessId, filters })]);
    toast(gettext("The view was deleted."), { action: gettext("Undo"), run: () => this.#attempt(restore) });
  }

  #setViews(views) {
    this.#views = views.sort((a, b) => a.name.localeCompare(b.name, document.documentElement.lang));
    this.#draw();
  }

  #focus(name) {
    [...this.#place.querySelectorAll("a")].find((link) => link.textContent === name)?.focus();
  }

  async #attempt(act) {
    try {
      await act();
    } catch (error) {
      const isTaken = error.code === "conflict" && error.details?.field === "name";
      toast(isTaken ? gettext("A view with this name already exists.") : errorText(error));
    }
  }

  /** The filters of the page for a view; the same rule as in `saved_views.py`. */
  #filtersOf({ businessId, filters }) {
    return {
      show: filters.archived ? "archived" : filters.unread ? "unread" : "all",
      business: this.#businesses.length > 1 ? businessId : "",
      q: filters.search ?? "",
      ...Object.fromEntries(TEAM_FILTERS.map((name) => [name, filters[name] ?? ""])),
    };
  }
}

function wireFilters(filters) {
  const { show, q } = filters;
  const team = TEAM_FILTERS.filter((name) => filters[name]).map((name) => [name, filters[name]]);
  const own = { unread: show === "unread", archived: show === "archived", search: q };
  return { ...Object.fromEntries(team), ...own };
}
