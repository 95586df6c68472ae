import { captionOf, filesText, refusalText } from "./attachment_texts.js";
import { AttachmentView } from "./attachment_view.js";
import { attachment } from "./attachments.js";
import { clockTime, fullTime } from "./dates.js";
import { el, hidden, icon, iconButton } from "./dom.js";
import { messageText } from "./message_text.js";
import { showReactions } from "./reactions.js";
import { gettext, interpolate } from "./texts.js";

const PENDING = ["clock", () => gettext("Waiting to be saved")];
const TICKS = {
  sending: ["clock", () => gettext("Sending")],
  failed: ["failed", () => gettext("Not sent")],
  sent: ["tick", () => gettext("Sent")],
  delivered: ["ticks", () => gettext("Delivered")],
  read: ["ticks", () => gettext("Read")],
};

const views = new WeakMap(); // article → the view of its files, which is kept when the article is redrawn

/**
 * The node of one message's row. Parts that change often (times, ticks) are updated separately, so that selected text stays
 * selected.
 *
 * `context`: nameOf(message, row), quoteOf(message), limits, that of `AttachmentView`, that of `showReactions`, and the actions `openMenu(node, button)`, `jumpTo(id)`,
 * `showHistory(message)`, `retry(message)`, `discard(message)`.
 */
export function drawMessage(row, node, before, context) {
  const article = node ?? el("article", { class: "row row-message", tabindex: "-1", id: row.key });
  article.classList.toggle("is-mine", row.mine);
  article.classList.toggle("is-ours", row.ours);
  article.classList.toggle("is-first", row.first);
  article.classList.toggle("is-last", row.last);
  article.classList.toggle("is-failed", row.message.status === "failed");
  article.dataset.message = row.message.id;
  if (row.message.seq !== null) article.dataset.seq = row.message.seq;
  const stamp = contentStamp(row, context);
  if (article.dataset.stamp !== stamp) {
    article.dataset.stamp = stamp;
    drawContent(article, row, context);
  } else if (before?.message !== row.message) {
    article.querySelector(".bubble-meta").replaceWith(meta(row, context));
    if (hasFiles(row.message)) filesOf(article, row.message, context);
  }
  showReactions(article, row, context);
  return article;
}

/** Everything that the content depends on. The content is redrawn only if this changes. */
function contentStamp({ message, mine, ours, first }, context) {
  const { content, messageType, editedAt, deletedAt, replyTo, status, error } = message;
  const quote = replyTo && context.quoteOf(message);
  const pending = message.seq === null;
  const said = [content, messageType, editedAt, deletedAt, quote && [quote.state, quote.text, quote.name]];
  const files = message.attachments?.length ?? 0;
  const state = [files, status === "failed", error?.code, pending, message.pendingChange, context.isOpen];
  return JSON.stringify([...said, ...state, mine, ours, first, context.nameOf(message)]);
}

function drawContent(article, row, context) {
  const { message } = row;
  const id = row.key;
  const name = context.nameOf(message);
  const showsName = row.first && !row.mine && context.showsNames(row);
  const sender = el("span", { class: showsName ? "sender" : "visually-hidden", id: `${id}-n`, dir: "auto" }, name);
  const bubble = el("div", { class: "bubble" }, ...bubbleChildren(article, row, context));
  bubble.classList.toggle("has-files", hasFiles(message));
  const more = iconButton("more", gettext("Message actions"), {
    class: "more",
    tabindex: "-1",
    "aria-haspopup": "menu",
    on: { click: (event) => context.openMenu(article, event.currentTarget) },
  });
  const hadFocus = article.contains(document.activeElement) && document.activeElement !== article;
  article.setAttribute("aria-labelledby", `${id}-n ${id}-t ${id}-m`);
  article.replaceChildren(sender, el("div", { class: "line" }, bubble, context.hasActions(message) && more));
  if (message.status === "failed") article.append(failureLine(message, context));
  if (hadFocus) article.focus({ preventScroll: true });
}

function hasFiles({ deletedAt, attachments }) {
  return !deletedAt && Boolean(attachments?.length);
}

function filesOf(article, message, context) {
  if (!views.has(article)) views.set(article, new AttachmentView());
  return views.get(article).draw(message, context);
}

function filesWithCaption(article, row, context) {
  const caption = captionOf(row.message);
  const texts = caption ? messageText(caption, `${row.key}-t`) : [hidden(filesText(row.message.attachments))];
  texts[0].id = `${row.key}-t`;
  return [filesOf(article, row.message, context), el("div", { class: "bubble-body", dir: "auto" }, ...texts, meta(row, context))];
}

function bubbleChildren(article, row, context) {
  const { message } = row;
  if (message.deletedAt) {
    const text = row.mine ? gettext("You deleted this message") : gettext("This message was deleted");
    const gone = el("span", { class: "bubble-text is-gone", id: `${row.key}-t` }, text);
    return [el("div", { class: "bubble-body" }, gone, meta(row, context))];
  }
  const { content, messageType } = message;
  const id = `${row.key}-t`;
  const quote = message.replyTo ? [quoteButton(message, context)] : [];
  if (hasFiles(message)) return [...quote, ...filesWithCaption(article, row, context)];
  if (messageType !== "text") {
    return [...quote, attachment(messageType, content, id), el("div", { class: "bubble-body" }, meta(row, context))];
  }
  return [...quote, el("div", { class: "bubble-body", dir: "auto" }, ...messageText(content, id), meta(row, context))];
}

function meta({ key, message, ours }, context) {
  const date = new Date(message.createdAt);
  const edited =
    message.editedAt && !message.deletedAt
      ? el(
          "button",
          {
            type: "button",
            class: "edited",
            tabindex: "-1",
            title: fullTime(new Date(message.editedAt)),
            on: { click: () => context.showHistory(message) },
          },
          gettext("edited"),
        )
      : null;
  const byMail = message.via === "email" && !message.deletedAt ? `${gettext("by e-mail")} ` : null;
  const time = el("time", { datetime: message.createdAt, title: fullTime(date) }, clockTime(date));
  const tick = message.pendingChange ? statusIcon("pending", PENDING) : ours && !message.deletedAt ? statusIcon(message.status, TICKS[message.status]) : null;
  return el("bdi", { class: "bubble-meta", id: `${key}-m` }, byMail, edited, edited && " ", time, tick);
}

function statusIcon(status, [shape, label]) {
  const given = { class: `ticks ticks-${status}`, role: "img", "aria-label": label(), title: label() };
  return el("span", given, icon(shape));
}

function quoteButton(message, context) {
  const { state, name, text } = context.quoteOf(message);
  const said = state === "here" ? text : state === "loading" ? "…" : gettext("This message was deleted");
  return el(
    "button",
    {
      type: "button",
      class: `quote${state === "gone" ? " is-gone" : ""}`,
      tabindex: "-1",
      on: { click: () => context.jumpTo(message.replyTo) },
    },
    hidden(gettext("In reply to")),
    el("span", { class: "quote-name", dir: "auto" }, name),
    el("span", { class: "quote-text", dir: "auto" }, said),
  );
}

const REASONS = {
  frozen: () => gettext("The conversation has been closed."),
  too_large: () => gettext("The message is too long."),
  not_found: () => gettext("The conversation no longer exists."),
  forbidden: () => gettext("You cannot write here."),
};

function failureLine(message, context) {
  const { code, message: words } = message.error ?? {};
  const ofFiles = message.attachments?.length && refusalText(message.error ?? {}, context.limits.bytes);
  const reason = ofFiles || (REASONS[code]?.() ?? words ?? "");
  const text = interpolate(gettext("Not sent. %(reason)s"), { reason });
  const button = (label, action, kind) =>
    el("button", { type: "button", class: `text-button ${kind}`, tabindex: "-1", on: { click: action } }, label);
  return el(
    "p",
    { class: "failure" },
    el("span", { dir: "auto" }, text),
    button(gettext("Try again"), () => context.retry(message), "retry"),
    button(gettext("Cancel"), () => context.discard(message), "discard"),
  );
}
