import { snoozeTimes, snoozeUntil } from "./snooze.js";
import { PRIORITIES } from "./team_texts.js";

/**
 * The choices for conversations that are selected: `{label, icon, changes}`, where `changes` is what to set for each of
 * them, or a function that asks for it. People, groups and labels are those of the one business that they are with.
 */
export function assignees({ conversations, states, me }) {
  const { members, groups } = choicesFor(conversations, states);
  const person = (id, label) => ({ label, icon: "assign", changes: { assigneeId: id } });
  const others = members.filter(({ id, isBot }) => id !== me.id && !isBot);
  const of = (name) => interpolate(gettext("Group: %(name)s"), { name }, true);
  return [
    person(me.id, gettext("Me")),
    ...others.map(({ id, name }) => person(id, name)),
    ...groups.map(({ id, name }) => ({ label: of(name), icon: "label", changes: { groupId: id } })),
    { label: gettext("Nobody"), icon: "block", changes: { assigneeId: null } },
  ];
}

/** A label that all of them have can be removed, any other one added. */
export function labelChanges({ conversations, states }) {
  const { labels } = choicesFor(conversations, states);
  if (!labels.length) return [{ label: gettext("The business has no labels yet."), icon: "label", changes: () => null }];
  const having = conversations.map((each) => new Set(states.of(each)?.labelIds));
  return labels.map(({ id, name }) => {
    const isOnAll = having.every((ids) => ids.has(id));
    return { label: name, icon: isOnAll ? "tick" : "label", changes: isOnAll ? { removeLabelIds: [id] } : { addLabelIds: [id] } };
  });
}

export function priorities() {
  const known = Object.entries(PRIORITIES).reverse();
  const chosen = known.map(([priority, words]) => ({ label: words(), icon: "flag", changes: { priority } }));
  return [...chosen, { label: gettext("No priority"), icon: "block", changes: { priority: null } }];
}

export function snoozes() {
  const entry = (key, label) => ({
    label,
    icon: "clock",
    changes: async () => {
      const until = await snoozeUntil(document.body, key);
      return until && { status: "snoozed", snoozedUntil: until };
    },
  });
  return [...snoozeTimes().map(([key, words]) => entry(key, words)), entry("time", gettext("until a time…"))];
}

/** The change that undoes another one, unless somebody has changed the conversation since; null if there is nothing to undo. */
export function undoOf({ conversationId, before, state }) {
  if (!before || before.teamRev === state.teamRev) return null;
  const changes = {};
  for (const name of ["assigneeId", "groupId", "priority"]) if (before[name] !== state[name]) changes[name] = before[name];
  if (before.labelIds.join() !== state.labelIds.join()) changes.labelIds = before.labelIds;
  if (before.status !== state.status || before.snoozedUntil !== state.snoozedUntil) Object.assign(changes, statusOf(before));
  return { conversationId, ifTeamRev: state.teamRev, ...changes };
}

/** A snooze that is over in the meantime has ended. */
function statusOf({ status, snoozedUntil }) {
  if (status !== "snoozed") return { status };
  return Date.parse(snoozedUntil) > Date.now() ? { status, snoozedUntil } : { status: "open" };
}

function choicesFor(conversations, states) {
  const businesses = new Set(conversations.map(({ businessId }) => businessId));
  const [only] = businesses;
  return businesses.size === 1 ? states.choices(only) : { members: [], groups: [], labels: [] };
}
