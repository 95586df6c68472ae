import { make } from "../dom.js";
import { errorText } from "../error_texts.js";
import { toast } from "../toast.js";
import { labelChip } from "./label_chip.js";
import { snoozeTimes, snoozeUntil } from "./snooze.js";
import { PRIORITIES, STATUSES, statusText } from "./team_texts.js";

/** The bar below the header of a conversation, for members: shows and sets status, assignee, group, priority and labels. */
export class TeamBar {
  element = make("div", { className: "team-bar", role: "group", ariaLabel: gettext("What the team has set") });
  #states;
  #conversation;
  #me;
  #stop;
  #drawn = "";
  #status = select(gettext("Status"));
  #assignee = select(gettext("Assignee"));
  #group = select(gettext("Group"));
  #priority = select(gettext("Priority"));
  #labels = make("fieldset", { className: "team-labels" });
  #unanswered = new Map(); // label → the end of its last change, while the server has not answered that
  #chips = make("span", { className: "team-chips" });
  #resolve = make("button", { type: "button", className: "button team-resolve" });
  #takeOver = make("button", { type: "button", className: "button team-take" }, gettext("Take over"));
  #more;
  #destroyed = new AbortController();

  /** `conversation()` returns the current conversation. */
  constructor(states, { conversation, me }) {
    this.#states = states;
    this.#conversation = conversation;
    this.#me = me;
    this.#build();
    this.#stop = states.on(() => this.draw());
    this.draw();
  }

  destroy() {
    this.#stop();
    this.#destroyed.abort();
  }

  draw() {
    const conversation = this.#conversation();
    const state = conversation && this.#states.of(conversation);
    this.element.hidden = !state;
    if (!state) return;
    const choices = this.#states.choices(conversation.businessId);
    const stamp = JSON.stringify([state, choices]);
    if (stamp === this.#drawn) return;
    this.#drawn = stamp;
    this.#drawStatus(state);
    const isBots = choices.members.some(({ id, isBot }) => isBot && id === state.assigneeId);
    this.#takeOver.hidden = !(state.status === "pending" && (state.handedOverAt || isBots));
    const people = choices.members.filter(({ id }) => id !== this.#me.id).map(({ id, name }) => [id, name]);
    setOptions(this.#assignee, [["", gettext("Nobody")], [this.#me.id, gettext("Me")], ...people], state.assigneeId);
    setOptions(this.#group, [["", gettext("No group")], ...choices.groups.map(({ id, name }) => [id, name])], state.groupId);
    const priorities = Object.entries(PRIORITIES).map(([key, words]) => [key, words()]);
    setOptions(this.#priority, [["", gettext("No priority")], ...priorities], state.priority);
    this.#drawLabels(choices.labels, state.labelIds);
    this.#drawChips(conversation, state);
  }

  #build() {
    const changes = {
      status: ({ value }) => this.#setStatus(value),
      assignee: ({ value }) => this.#set({ assigneeId: value || null }),
      group: ({ value }) => this.#set({ groupId: value || null }),
      priority: ({ value }) => this.#set({ priority: value || null }),
    };
    const selects = { status: this.#status, assignee: this.#assignee, group: this.#group, priority: this.#priority };
    for (const [name, { field }] of Object.entries(selects)) field.addEventListener("change", () => changes[name](field));
    this.#labels.addEventListener("change", ({ target }) => this.#setLabel(target));
    this.#resolve.addEventListener("click", () => this.#set({ status: this.#resolve.dataset.status }));
    this.#takeOver.addEventListener("click", () => this.#set({ assigneeId: this.#me.id }));
    const inside = make("div", { className: "team-more-inside" }, this.#group.label, this.#priority.label, this.#labels);
    this.#more = make("details", { className: "team-more" }, make("summary", { className: "button quiet" }, gettext("More")), inside);
    closeElsewhere(this.#more, this.#destroyed.signal);
    this.element.append(this.#status.label, this.#assignee.label, this.#takeOver, this.#resolve, this.#more, this.#chips);
  }

  #drawStatus(state) {
    const snoozes = snoozeTimes().map(([key, words]) => [`snooze-${key}`, words]);
    const now = state.status === "snoozed" ? [["snoozed", statusText(state)]] : [];
    const plain = ["open", "pending", "resolved"].map((key) => [key, key === state.status ? statusText(state) : STATUSES[key]()]);
    setOptions(this.#status, [...now, ...plain], state.status);
    if (!this.#status.field.querySelector("optgroup")) {
      const group = make("optgroup", { label: gettext("Snooze") });
      group.append(...[...snoozes, ["snooze-time", gettext("until a time…")]].map(([value, words]) => new Option(words, value)));
      this.#status.field.append(group);
    }
    this.#status.label.dataset.status = state.status;
    const isResolved = state.status === "resolved";
    this.#resolve.dataset.status = isResolved ? "open" : "resolved";
    this.#resolve.textContent = isResolved ? gettext("Reopen") : gettext("Resolve");
  }

  /** Keep the checkboxes while the labels are the same, so that the focus stays. */
  #drawLabels(labels, chosen) {
    const key = JSON.stringify(labels);
    if (this.#labels.dataset.key !== key) this.#makeLabels(labels);
    this.#labels.dataset.key = key;
    for (const box of this.#labels.querySelectorAll("input")) if (!this.#unanswered.has(box.value)) box.checked = chosen.includes(box.value);
  }

  #makeLabels(labels) {
    const boxes = labels.map((label) => {
      const box = make("input", { type: "checkbox", value: label.id });
      return make("label", { className: "team-label" }, box, labelChip(label));
    });
    const none = make("p", { className: "choices-note" }, gettext("The business has no labels yet."));
    this.#labels.replaceChildren(make("legend", {}, gettext("Labels")), ...(boxes.length ? boxes : [none]));
  }

  #drawChips(conversation, state) {
    const { labels, group } = this.#states.named(conversation, state);
    const marks = [
      state.priority && make("span", { className: "team-mark", data: { priority: state.priority } }, PRIORITIES[state.priority]()),
      group && make("span", { className: "team-mark" }, make("bdi", {}, group.name)),
    ];
    this.#chips.replaceChildren(...marks.filter(Boolean), ...labels.map(labelChip));
  }

  async #setStatus(value) {
    if (!value.startsWith("snooze-")) return value === "snoozed" ? undefined : this.#set({ status: value });
    const host = this.element.closest(".thread");
    const until = await snoozeUntil(host, value.slice("snooze-".length));
    return until ? this.#set({ status: "snoozed", snoozedUntil: until }) : this.#redraw();
  }

  /**
   * Change one label alone, so that two clicks in a row, or a colleague's change, do not undo each other. A second click on
   * one label waits for the answer to the first, so that the server gets it last.
   */
  async #setLabel({ value, checked }) {
    const { id } = this.#conversation();
    const earlier = this.#unanswered.get(value);
    const make = () => this.#set({ [checked ? "addLabelIds" : "removeLabelIds"]: [value] }, id);
    const change = earlier ? earlier.then(make) : make();
    this.#unanswered.set(value, change);
    await change;
    if (this.#unanswered.get(value) !== change) return;
    this.#unanswered.delete(value);
    this.#redraw();
  }

  async #set(changes, id = this.#conversation().id) {
    try {
      await this.#states.set(id, changes);
    } catch (error) {
      toast(errorText(error));
    }
    this.#redraw();
  }

  /** Also if nothing has changed, because the server may have refused the choice. */
  #redraw() {
    this.#drawn = "";
    this.draw();
  }
}

function select(name) {
  const field = make("select", { ariaLabel: name, title: name });
  return { field, label: make("label", { className: "team-field" }, make("span", { className: "team-name" }, name), field) };
}

function setOptions({ field }, options, value) {
  const key = JSON.stringify(options);
  if (field.dataset.key !== key) field.replaceChildren(...options.map(([name, words]) => new Option(words, name)));
  field.dataset.key = key;
  field.value = value ?? "";
}

function closeElsewhere(details, signal) {
  document.addEventListener("click", (event) => details.contains(event.target) || details.removeAttribute("open"), { signal });
  details.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !details.open) return;
    event.stopPropagation();
    details.removeAttribute("open");
    details.querySelector("summary").focus();
  });
}
