import { isPlainClick } from "./dom.js";
import { TEAM_FILTERS, mountTeamFilters } from "./team/team_filters.js";

const PAUSE = 200; // milliseconds without a key before a search

/** The search, the views of the list, the business, and the team's filters. Each changes the list and the address. */
export function mountFilters(root, { inbox, filters, team, changed }) {
  let now = filters;
  let pause = null;
  const search = root.querySelector("[data-search]");
  const field = search.querySelector("[type=search]");
  const business = search.querySelector("[data-business]");
  const links = [...root.querySelectorAll("[data-show]")];

  const set = (change) => {
    now = { ...now, ...change };
    for (const link of links) {
      if (link.dataset.show === now.show) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
      link.href = inbox + queryOf({ ...now, show: link.dataset.show });
    }
    changed(now);
  };
  for (const link of links) {
    link.addEventListener("click", (event) => {
      if (event.metaKey || event.ctrlKey || event.shiftKey) return;
      event.preventDefault();
      set({ show: link.dataset.show });
    });
  }
  search.addEventListener("submit", (event) => {
    event.preventDefault();
    set({ q: field.value.trim() });
  });
  field.addEventListener("input", () => {
    clearTimeout(pause);
    pause = setTimeout(() => set({ q: field.value.trim() }), PAUSE);
  });
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !field.value) return;
    event.stopPropagation();
    field.value = "";
    set({ q: "" });
  });
  for (const link of root.querySelectorAll("[data-clear-search]")) {
    link.addEventListener("click", (event) => {
      if (!isPlainClick(event)) return;
      event.preventDefault();
      field.value = "";
      set({ q: "" });
      field.focus();
    });
  }
  const selects = mountTeamFilters(root, { ...team, filters, changed: set });
  business?.addEventListener("change", () => set({ business: business.value }));
  // The user typed before the scripts ran, or the browser restored the field.
  if (field.value.trim() !== now.q) set({ q: field.value.trim() });
  /** Shows other filters than those that a person chooses one by one. */
  const replace = (wanted) => {
    field.value = wanted.q;
    if (business) business.value = wanted.business;
    selects.set(wanted);
    set(wanted);
  };
  return { focus: () => field.focus(), replace };
}

/** The query of an address for these filters. */
export function queryOf({ show, business, q, ...others }) {
  const team = Object.fromEntries(TEAM_FILTERS.map((name) => [name, others[name]]));
  const given = Object.entries({ show: show === "all" ? "" : show, business, ...team, q }).filter(([, value]) => value);
  const query = new URLSearchParams(given).toString();
  return query && `?${query}`;
}
