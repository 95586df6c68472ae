/**
 * The service worker: shows pushes, and sends answers from them. It caches nothing and sees no request of a page. The texts
 * come with each push, in the language of the person.
 */
const APP = new URL(self.registration.scope); // …/app/
const ROOT = new URL("../", APP);
const TRIES = [0, 1_000, 4_000]; // milliseconds to wait before each

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("push", (event) => event.waitUntil(handleInTurn(event.data.json())));
self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(handleClick(event));
});
self.addEventListener("pushsubscriptionchange", (event) => event.waitUntil(resubscribe(event)));

let lastPush = Promise.resolve();

/**
 * Handle one push after the other. Otherwise a "close" does not find a message that is still being shown. Also, Chromium
 * forgets a notification if `getNotifications` is called while it is being shown.
 */
function handleInTurn(push) {
  const handled = lastPush.then(() => handlePush(push));
  lastPush = handled.catch(() => {}); // the event of this push reports the failure
  return handled;
}

async function handlePush(push) {
  if (push.type === "message") await show(push);
  if (push.type === "close") await close(push);
  await setBadge(push.unread);
}

/** One notification for each conversation: a new one replaces the last one. */
function show({ title, body, url, conversationId, seq, texts }) {
  const actions = [
    { action: "reply", type: "text", title: texts.reply, placeholder: texts.reply },
    { action: "read", title: texts.read },
  ];
  return self.registration.showNotification(title, {
    body,
    tag: tagOf(conversationId),
    renotify: true,
    icon: new URL("icon-192.png", APP).href,
    badge: new URL("icon-badge.png", APP).href,
    data: { url, conversationId, seq, texts },
    actions: actions.slice(0, Notification.maxActions ?? 0),
  });
}

/** Everything up to `seq` has been read. A notification about a later message stays, if this push was on its way for long. */
async function close({ conversationId, seq }) {
  for (const shown of await self.registration.getNotifications({ tag: tagOf(conversationId) })) {
    if (!(shown.data?.seq > seq)) shown.close();
  }
}

/** The page's own notifications use the same tag. */
function tagOf(conversationId) {
  return `conversation-${conversationId}`;
}

async function setBadge(count) {
  if (!("setAppBadge" in navigator)) return;
  if (count) await navigator.setAppBadge(count);
  else await navigator.clearAppBadge();
}

async function handleClick({ action, reply, notification }) {
  const { url, conversationId } = notification.data;
  try {
    if (action === "reply" && reply?.trim()) return await sendReply(notification, reply);
    if (action === "read") return await markRead(notification.data);
  } catch (error) {
    if (action === "reply") return showUnsent(notification, reply);
    console.warn("marking as read has failed", error); // the page shows the person why
  }
  return open(url, conversationId);
}

/** A retry sends the same `clientId`, so the message is stored once. Answering also marks the shown messages as read. */
async function sendReply({ data }, content) {
  const clientId = crypto.randomUUID();
  await request("POST", `chat/conversations/${data.conversationId}/messages`, { content, clientId });
  await markRead(data);
}

async function markRead({ conversationId, seq }) {
  await request("PATCH", `chat/conversations/${conversationId}/read`, seq ? { seq } : {});
  await setBadge((await request("GET", "chat/unread-count")).total);
}

/** Keep the text in the notification, so that it is not lost. */
function showUnsent({ data }, text) {
  const { url, conversationId, texts } = data;
  return self.registration.showNotification(texts.unsent, {
    body: text,
    tag: `unsent-${crypto.randomUUID()}`,
    icon: new URL("icon-192.png", APP).href,
    data: { url, conversationId, texts },
  });
}

async function open(url, conversationId) {
  const windows = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  const inbox = APP.pathname.replace(/\/$/, "");
  const page = windows.find(({ url: at }) => {
    const { pathname } = new URL(at);
    return pathname === inbox || pathname === APP.pathname || pathname.startsWith(`${APP.pathname}c/`);
  });
  if (!page) return self.clients.openWindow(url);
  page.postMessage({ type: "open", conversationId });
  return page.focus();
}

/** The browser has replaced its subscription. */
async function resubscribe({ oldSubscription, newSubscription }) {
  const { key } = await request("GET", "push/key");
  const options = oldSubscription?.options ?? { userVisibleOnly: true, applicationServerKey: key };
  const subscription = newSubscription ?? (await self.registration.pushManager.subscribe(options));
  await request("POST", "push/subscriptions", subscription.toJSON());
}

async function request(method, path, body) {
  let failure = null;
  for (const delay of TRIES) {
    if (delay) await new Promise((resolve) => setTimeout(resolve, delay));
    try {
      return await fetchJson(method, path, body);
    } catch (error) {
      failure = error;
      if (error.isFinal) break;
    }
  }
  throw failure;
}

async function fetchJson(method, path, body) {
  const headers = { Accept: "application/json", "Content-Type": "application/json" };
  if (method !== "GET") {
    const token = await parseAnswer(await fetch(new URL("form-token", APP), { cache: "no-store", redirect: "error" }));
    headers["X-CSRFToken"] = token.csrfToken;
  }
  const options = { method, headers, body: body && JSON.stringify(body), cache: "no-store" };
  return parseAnswer(await fetch(new URL(path, ROOT), options));
}

async function parseAnswer(response) {
  if (response.ok) return response.json();
  const isFinal = response.status < 500 && response.status !== 429;
  throw Object.assign(new Error(`refused with ${response.status}`), { isFinal });
}
