import { make } from "../dom.js";
import { tintOf } from "../people.js";
import { labelChip } from "./label_chip.js";
import { PRIORITIES, STATUSES, statusText } from "./team_texts.js";
import { initialsOf } from "../thread/initials.js";

const MOST = 3; // labels in a row

/** The team's state in a row of the list: status, priority, labels and assignee, unless they have their default values. */
export function fillTeamMarks(place, team) {
  const key = team ? JSON.stringify(team) : "";
  if (place.dataset.key === key) return;
  place.dataset.key = key;
  const marks = team ? marksOf(team) : [];
  place.hidden = !marks.length;
  place.replaceChildren(...marks);
}

function marksOf({ state, assignee, group, labels }) {
  const marks = [];
  if (state.status !== "open") marks.push(make("span", { className: "team-mark", data: { status: state.status } }, state.handedOverAt ? statusText(state) : STATUSES[state.status]()));
  if (state.priority) marks.push(make("span", { className: "team-mark", data: { priority: state.priority } }, PRIORITIES[state.priority]()));
  if (group) marks.push(make("span", { className: "team-mark" }, make("bdi", {}, group.name)));
  marks.push(...labels.slice(0, MOST).map(labelChip));
  if (labels.length > MOST) marks.push(make("span", { className: "team-mark" }, `+${labels.length - MOST}`));
  if (assignee) marks.push(assigneeMark(assignee));
  return marks;
}

function assigneeMark({ id, name }) {
  const said = interpolate(gettext("Assigned to %(name)s"), { name }, true);
  const mark = make("span", { className: "avatar colleague team-assignee", title: said, data: { tint: tintOf(id) } });
  mark.append(make("span", { ariaHidden: "true" }, initialsOf(name)), make("span", { className: "visually-hidden" }, said));
  return mark;
}
