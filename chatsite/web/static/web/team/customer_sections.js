import { make } from "../dom.js";
import { setTime } from "../times.js";
import { locale } from "../thread/locale.js";
import { price } from "../thread/money.js";
import { labelChip } from "./label_chip.js";

const FACES = ["😞", "😕", "😐", "😊", "😄"]; // of the ratings from 1 to 5
const OFFERS = {
  pending: () => gettext("Open"),
  accepted: () => gettext("Accepted"),
  declined: () => gettext("Declined"),
  withdrawn: () => gettext("Withdrawn"),
  expired: () => gettext("Expired"),
};

/** The sections of what the server knows of a customer. Those that would be empty are left out. */
export function customerSections(customer) {
  return [
    details(customer),
    customer.page && section(gettext("Last seen on"), [visited(customer.page)]),
    customer.labels.length && section(gettext("Labels"), [make("div", { className: "team-chips" }, ...customer.labels.map(labelChip))]),
    customer.offers.length && section(gettext("Offers"), [list(customer.offers.map(offer))]),
    customer.answers.length && section(gettext("Answers before the chat"), [facts(customer.answers.map(({ name, value }) => [name, value]))]),
    customer.attributes.length && section(gettext("From your site"), [facts(customer.attributes.map(({ name, value }) => [name, value]))]),
    episodes(customer),
  ].filter(Boolean);
}

/** A panel of the host project. All of it is text; only a checked address becomes a link. */
export function hostSection({ title, failed, rows }) {
  if (failed) return section(title, [make("p", { className: "customer-note" }, gettext("This could not be loaded."))]);
  return section(title, [facts(rows.map(({ label, value, url }) => [label, safeLink(url, value) ?? value]))]);
}

function section(title, children) {
  return make("section", { className: "customer-section" }, make("h3", { dir: "auto" }, title), ...children);
}

function facts(pairs) {
  const rows = pairs.map(([name, value]) =>
    make("div", { className: "customer-fact" }, make("dt", { dir: "auto" }, name), make("dd", { dir: "auto" }, value)),
  );
  return make("dl", { className: "customer-facts" }, ...rows);
}

function list(items) {
  return make("ul", { className: "customer-list" }, ...items);
}

function time(iso) {
  const element = make("time", {});
  setTime(element, iso);
  return element;
}

function day(iso) {
  return new Intl.DateTimeFormat(locale(), { dateStyle: "medium" }).format(new Date(iso));
}

function details({ customerSince, externalId, episodeCount }) {
  const pairs = [
    [gettext("Customer since"), day(customerSince)],
    externalId && [gettext("ID on your site"), externalId],
    [gettext("Resolved before"), String(episodeCount)],
  ];
  return section(gettext("Details"), [facts(pairs.filter(Boolean))]);
}

function visited({ url, title, seenAt }) {
  const link = safeLink(url, title || url) ?? make("span", {}, title || url);
  return make("p", { className: "customer-page" }, link, make("span", { className: "customer-note" }, time(seenAt)));
}

function offer({ title, amount, currency, status }) {
  const state = make("span", { className: "team-mark", data: { offer: status } }, OFFERS[status]());
  return make("li", {}, make("span", { className: "customer-title", dir: "auto" }, title), make("span", { className: "customer-line" }, price({ amount, currency }), state));
}

function episodes({ episodes: found, episodeCount }) {
  if (!found.length) return null;
  const items = found.map(({ resolvedAt, agentName, score, comment }) => {
    const who = interpolate(gettext("Resolved by %(name)s"), { name: agentName ?? gettext("nobody") }, true);
    const rated = score && make("span", { title: interpolate(gettext("Rated %(score)s of 5"), { score }, true) }, `${FACES[score - 1]} ${score}/5`);
    const line = make("span", { className: "customer-line" }, make("span", { className: "customer-note" }, time(resolvedAt)), rated || "");
    const said = comment && make("q", { dir: "auto" }, comment);
    return make("li", {}, make("span", { className: "customer-title", dir: "auto" }, who), line, said || "");
  });
  const more = episodeCount - found.length;
  const words = ngettext("%(count)s earlier one", "%(count)s earlier ones", more);
  const rest = more > 0 && make("p", { className: "customer-note" }, interpolate(words, { count: more }, true));
  return section(gettext("Earlier conversations"), [list(items), rest || ""]);
}

/** A link to another page, or null if a click must not follow the address. */
function safeLink(url, text) {
  if (!url || !URL.canParse(url, location.href)) return null;
  const address = new URL(url, location.href);
  if (!["http:", "https:"].includes(address.protocol)) return null;
  return make("a", { className: "link", href: address.href, target: "_blank", rel: "noopener noreferrer", dir: "auto" }, text);
}
