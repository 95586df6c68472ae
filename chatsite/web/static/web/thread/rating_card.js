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

/** A form with five scores and a comment. Submitting it calls `send(form, button, {score, comment})`. */
export function ratingForm(send) {
  const title = el("legend", { class: "visually-hidden" }, gettext("Your rating"));
  const comment = el("textarea", { name: "comment", rows: "2", maxlength: String(MOST_COMMENT), dir: "auto" });
  const button = el("button", { class: "button is-main" }, gettext("Send rating"));
  const more = [el("label", { class: "field" }, gettext("Comment (optional)"), comment), button];
  const submit = (event) => {
    event.preventDefault();
    const { score, comment: text } = event.target.elements;
    send(event.target, button, { score: Number(score.value), comment: text.value });
  };
  return el(
    "form",
    { class: "rating", on: { submit } },
    el("fieldset", { class: "rating-scores" }, title, ...SCORES.map(choice)),
    el("div", { class: "rating-more" }, ...more),
  );
}

function choice({ score, face, label }) {
  const input = el("input", { type: "radio", name: "score", value: String(score), required: true });
  return el("label", { class: "rating-score" }, input, el("span", { class: "rating-face", "aria-hidden": "true" }, face), el("span", {}, label()));
}

export function thanksText(score) {
  const { label } = SCORES.find((one) => one.score === score);
  return interpolate(gettext("Thank you! Your rating: %(rating)s"), { rating: label() });
}

/** What takes the place of the form after the rating. */
export function thanksLine(score) {
  return el("p", { class: "rating-thanks" }, thanksText(score));
}
