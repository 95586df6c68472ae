import { el } from "./dom.js";
import { gettext, interpolate } from "./texts.js";

const MOST_COMMENT = 1_000; // characters
const SCORES = [
  { score: 1, face: "😞", label: () => gettext("Very bad") },
  { score: 2, face: "😕", label: () => gettext("Bad") },
  { score: 3, face: "😐", label: () => gettext("Fair") },
  { score: 4, face: "😊", label: () => gettext("Good") },
  { score: 5, face: "😄", label: () => gettext("Very good") },
];

/** A form with five scores and a comment. Submitting it puts them at `path`. `show(question)` gets the answer. */
export function ratingForm(thread, path, show) {
  const title = el("legend", { class: "visually-hidden" }, gettext("Your rating"));
  const comment = el("textarea", { name: "comment", rows: "2", maxlength: String(MOST_COMMENT), dir: "auto" });
  const button = el("button", { class: "button is-main" }, gettext("Send rating"));
  const more = [el("label", { class: "field" }, gettext("Comment (optional)"), comment), button];
  const submit = (event) => {
    event.preventDefault();
    const { score, comment: text } = event.target.elements;
    send(thread, event.target, button, path, { score: Number(score.value), comment: text.value }, show);
  };
  return el(
    "form",
    { class: "rating", on: { submit } },
    el("fieldset", { class: "rating-scores" }, title, ...SCORES.map(choice)),
    el("div", { class: "rating-more" }, ...more),
  );
}

async function send(thread, form, button, path, body, show) {
  if (button.disabled) return;
  button.disabled = true;
  const row = form.closest(".row");
  const hadFocus = form.contains(document.activeElement);
  try {
    show(await thread.client.rest.put(path, body));
    thread.announcer.say(thanksText(body.score));
    if (hadFocus) row?.focus({ preventScroll: true });
  } catch (error) {
    thread.showError(error);
  } finally {
    button.disabled = false;
  }
}

function choice({ score, face, label }) {
  const input = el("input", { type: "radio", name: "score", value: String(score), required: true });
  return el("label", { class: "rating-score" }, input, el("span", { class: "rating-face", "aria-hidden": "true" }, face), el("span", {}, label()));
}

function thanksText(score) {
  const { label } = SCORES.find((one) => one.score === score);
  return interpolate(gettext("Thank you! Your rating: %(rating)s"), { rating: label() });
}

/** What takes the place of the form after the rating. */
export function thanksLine(score) {
  return el("p", { class: "rating-thanks" }, thanksText(score));
}
