/** The names of the filters in an address, as the server reads them. */
export const TEAM_FILTERS = ["assignee", "status", "label", "group", "priority"];

/** The selects above the list, for members. They offer the team's members, labels and groups once these are loaded. */
export function mountTeamFilters(root, { states, businesses, me, filters, changed }) {
  const place = root.querySelector("[data-team-filters]");
  if (!place) return { set: () => {} };
  const fields = Object.fromEntries(TEAM_FILTERS.map((name) => [name, place.querySelector(`[name=${name}]`)]));
  const chosen = { ...filters };
  const fill = () => {
    const all = businesses.map(({ id }) => states.choices(id));
    const rows = (name) => unique(all.flatMap((choices) => choices[name]));
    extend(fields.assignee, rows("members").filter(({ id }) => id !== me.id), chosen.assignee);
    extend(fields.label, rows("labels"), chosen.label);
    extend(fields.group, rows("groups"), chosen.group);
    for (const name of ["label", "group"]) fields[name].hidden = fields[name].options.length < 2;
  };
  for (const [name, field] of Object.entries(fields)) {
    field.addEventListener("change", () => {
      chosen[name] = field.value;
      changed({ [name]: field.value });
    });
  }
  states.on(fill);
  fill();
  /** Shows filters that were set elsewhere. */
  const set = (wanted) => {
    for (const [name, field] of Object.entries(fields)) field.value = chosen[name] = wanted[name];
  };
  return { set };
}

function unique(rows) {
  return [...new Map(rows.map((row) => [row.id, row])).values()];
}

/** The team's options come after the options of the page. */
function extend(field, rows, chosen) {
  const key = JSON.stringify(rows);
  if (field.dataset.key === key) return;
  field.dataset.key = key;
  for (const option of field.querySelectorAll("[data-of-team]")) option.remove();
  for (const { id, name } of rows) {
    const option = new Option(name, id);
    option.dataset.ofTeam = "";
    field.append(option);
  }
  if (chosen) field.value = chosen;
}
