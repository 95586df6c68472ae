import { isPlainClick } from "./dom.js";
import { TEAM_FILTERS, mountTeamFilters } from "./team/team_filters.js";

const PAUSE = 200; // milliseconds without a key before a search

/** The search, the views of the list, the business, and the team's filters. Each changes the list and the address. */
export class Filters {
  #now;
  #inbox;
  #changed;
  #links;
  #field;
  #business;
  #team;
  #pause = null;

  constructor(root, { inbox, filters, team, changed }) {
    this.#now = filters;
    this.#inbox = inbox;
    this.#changed = changed;
    this.#links = [...root.querySelectorAll("[data-show]")];
    const search = root.querySelector("[data-search]");
    this.#field = search.querySelector("[type=search]");
    this.#business = search.querySelector("[data-business]");
    this.#listenToLinks(root);
    this.#listenToSearch(search);
    this.#team = mountTeamFilters(root, { ...team, filters, changed: (change) => this.#set(change) });
    this.#business?.addEventListener("change", () => this.#set({ business: this.#business.value }));
    // The user typed before the scripts ran, or the browser restored the field.
    if (this.#field.value.trim() !== filters.q) this.#search();
  }

  focus() {
    this.#field.focus();
  }

  /** Set all filters at once. */
  replace(filters) {
    this.#field.value = filters.q;
    if (this.#business) this.#business.value = filters.business;
    this.#team.set(filters);
    this.#set(filters);
  }

  #set(change) {
    this.#now = { ...this.#now, ...change };
    for (const link of this.#links) {
      if (link.dataset.show === this.#now.show) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
      link.href = this.#inbox + queryOf({ ...this.#now, show: link.dataset.show });
    }
    this.#changed(this.#now);
  }

  #search() {
    this.#set({ q: this.#field.value.trim() });
  }

  #clearSearch() {
    this.#field.value = "";
    this.#set({ q: "" });
  }

  #listenToLinks(root) {
    for (const link of this.#links) {
      link.addEventListener("click", (event) => {
        if (!isPlainClick(event)) return;
        event.preventDefault();
        this.#set({ show: link.dataset.show });
      });
    }
    root.querySelector("[data-show-all]").addEventListener("click", (event) => {
      if (!isPlainClick(event)) return;
      event.preventDefault();
      const { q, business } = this.#now;
      this.replace({ show: "all", q, business, ...Object.fromEntries(TEAM_FILTERS.map((name) => [name, ""])) });
      this.#links[0].focus(); // the clicked link is hidden now
    });
    for (const link of root.querySelectorAll("[data-clear-search]")) {
      link.addEventListener("click", (event) => {
        if (!isPlainClick(event)) return;
        event.preventDefault();
        this.#clearSearch();
        this.#field.focus();
      });
    }
  }

  #listenToSearch(search) {
    search.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#search();
    });
    this.#field.addEventListener("input", () => {
      clearTimeout(this.#pause);
      this.#pause = setTimeout(() => this.#search(), PAUSE);
    });
    this.#field.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !this.#field.value) return;
      event.stopPropagation();
      this.#clearSearch();
    });
  }
}

/** The query of an address for these filters. */
export function queryOf({ show, business, q, ...others }) {
  const team = Object.fromEntries(TEAM_FILTERS.map((name) => [name, others[name]]));
  const given = Object.entries({ show: show === "all" ? "" : show, business, ...team, q }).filter(([, value]) => value);
  const query = new URLSearchParams(given).toString();
  return query && `?${query}`;
}
