// The count of unread notifications follows a deletion at once, and counts it once.
import assert from "node:assert/strict";
import { test } from "node:test";
import { newClient, setting, settle } from "./setting.js";

const NOTE = { id: "00000000-0000-4000-8000-000000000009", type: "system", title: "News", readAt: null };

/** The server has `inbox.total` unread notifications, and deletes each that it is asked to. */
function withInbox(server) {
  const [sync, answer] = [server.on_sync.bind(server), server.files.answer.bind(server.files)];
  server.inbox = { rev: 4, total: 2 };
  server.on_sync = (data) => ({ ...sync(data), notificationsRev: server.inbox.rev, notificationsUnread: { total: server.inbox.total } });
  server.files.answer = (request) => {
    if (request.path === "/notifications/read-all") return [200, { unreadCount: server.inbox.total }];
    return request.path.startsWith("/notifications/") ? [204, null] : answer(request);
  };
}

async function notified() {
  const scene = setting({ unreadNotifications: 2 }, withInbox);
  scene.client.connect();
  await scene.clock.advance(100);
  return { ...scene, count: () => scene.client.snapshot.unreadNotifications };
}

async function tell({ server }, data) {
  server.inbox = { rev: server.inbox.rev + 1, total: data.unreadCount };
  server.deliver("notification", { rev: server.inbox.rev, ...data });
  await settle();
}

const deletion = { notification: NOTE, deleted: true, unreadCount: 1 };

test("a deletion that waits is not counted, and is again when it is undone", async () => {
  const scene = await notified();
  const counts = [];
  scene.client.on("pending_changes", () => counts.push(scene.count()));
  const key = scene.client.queueNotificationDelete(NOTE, { within: 7_000 });
  scene.client.undo(key);
  assert.deepEqual(counts, [1, 2]);
  scene.client.queueNotificationDelete({ ...NOTE, readAt: "2026-01-02T03:04:05Z" }, { within: 7_000 });
  assert.equal(scene.count(), 2);
});

test("the event of the deletion may come before its answer", async () => {
  const scene = await notified();
  let answer;
  scene.server.onTheWay = () => new Promise((resolve) => (answer = resolve));
  scene.client.queueNotificationDelete(NOTE);
  await settle();
  await tell(scene, deletion);
  assert.equal(scene.count(), 1);
  answer();
  await settle();
  assert.equal(scene.count(), 1);
});

test("the answer may come before the event, or without a socket", async () => {
  const scene = await notified();
  scene.server.isUp = false;
  scene.server.hangUp();
  scene.client.queueNotificationDelete(NOTE);
  await scene.clock.advance(20_000); // longer than the queue keeps an answered change
  assert.equal(scene.count(), 1);
  scene.server.inbox = { rev: 5, total: 1 };
  scene.server.isUp = true;
  await scene.clock.advance(60_000);
  assert.equal(scene.count(), 1);
});

test("one that was read meanwhile is not subtracted again", async () => {
  const scene = await notified();
  scene.client.queueNotificationDelete(NOTE, { within: 7_000 });
  await tell(scene, { notification: { ...NOTE, readAt: "2026-01-02T03:04:05Z" }, unreadCount: 1 });
  assert.equal(scene.count(), 1);
});

test("the next page does not count it while its deletion waits", async () => {
  const scene = await notified();
  scene.server.restIsUp = false;
  scene.client.queueNotificationDelete(NOTE);
  await settle();
  scene.client.close();
  const { client } = newClient(scene, { unreadNotifications: 2 });
  client.connect();
  assert.equal(client.snapshot.unreadNotifications, 1);
  await scene.clock.advance(100);
  assert.equal(client.snapshot.unreadNotifications, 1);
  scene.server.restIsUp = true;
  await tell(scene, deletion);
  await scene.clock.advance(60_000);
  assert.equal(client.snapshot.unreadNotifications, 1);
});

test("what is marked as read is not counted, without a socket too", async () => {
  const scene = await notified();
  scene.server.isUp = false;
  scene.server.hangUp();
  scene.server.inbox.total = 0;
  await scene.client.markNotificationsRead("system");
  assert.equal(scene.count(), 0);
  assert.deepEqual(scene.server.requests.at(-1).query, { type: "system" });
});

const news = (number) => ({ ...NOTE, id: `n${number}` });

function ids(client) {
  const told = [];
  client.on("notification", ({ notification }) => told.push(notification.id));
  return told;
}

test("the first sync is repeated until it is answered, and then notifications arrive", async () => {
  const scene = setting({ unreadNotifications: 2 }, withInbox);
  const told = ids(scene.client);
  let refusals = 5;
  scene.server.refuses = ({ event }) => (event === "sync" && refusals-- > 0 ? { code: "unavailable", message: "" } : null);
  scene.client.connect();
  await scene.clock.advance(120_000);
  assert.equal(scene.server.sent("sync").length, 6);
  await tell(scene, { notification: news(5), unreadCount: 3 });
  assert.deepEqual(told, ["n5"]);
  assert.equal(scene.client.snapshot.unreadNotifications, 3);
});

for (const [name, show] of [
  ["repeated event", ({ server }) => server.deliver("notification", { notification: news(5), rev: 5, unreadCount: 3, repeated: true })],
  ["heartbeat", ({ server }) => (server.on_heartbeat = () => ({ conversations: {}, notificationsRev: 5 }))],
]) {
  test(`one lost notification is fetched after a ${name}`, async () => {
    const scene = await notified();
    const told = ids(scene.client);
    scene.server.inbox = { rev: 5, total: 3 };
    const sync = scene.server.on_sync;
    scene.server.on_sync = (data) => ({ ...sync(data), notifications: data.notificationsAfter === "4" ? [news(5)] : [] });
    show(scene);
    await scene.clock.advance(60_000);
    assert.deepEqual(told, ["n5"]);
    assert.equal(scene.server.sent("sync").length, 2);
    assert.equal(scene.client.snapshot.unreadNotifications, 3);
  });
}

test("an answer that an event has overtaken does not set the count", async () => {
  const scene = await notified();
  const sync = scene.server.on_sync;
  scene.server.on_sync = (data) => {
    const answer = sync(data);
    scene.server.inbox = { rev: 5, total: 3 };
    scene.server.deliver("notification", { notification: news(5), rev: 5, unreadCount: 3 });
    return answer;
  };
  scene.server.hangUp();
  await scene.clock.advance(5_000);
  assert.equal(scene.server.sent("sync").length, 2);
  assert.equal(scene.count(), 3);
});
