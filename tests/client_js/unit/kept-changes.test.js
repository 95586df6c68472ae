// Changes that wait outlive the page: the next one sends them, once, and in the order of the acts.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ROOM, joined, newClient, settle } from "./setting.js";

const KEY = "business-chat:changes:7";

/** Joined and listed, without REST: changes wait. `patches()` are the bodies that the server has taken. */
async function cutOff() {
  const scene = await joined();
  scene.server.write("Hello");
  await scene.client.loadConversations();
  await settle();
  scene.server.restIsUp = false;
  scene.server.requests.length = 0;
  const patches = () => scene.server.requests.filter(({ method }) => method === "PATCH").map(({ body }) => body);
  return { ...scene, row: () => scene.client.snapshot.conversations[0], patches };
}

/** The page is closed. Its client sends nothing from here on. */
function closePage({ client, server }) {
  client.close();
  server.restIsUp = true;
  server.requests.length = 0;
}

async function nextPage(scene) {
  const { client } = newClient(scene);
  client.connect();
  await client.loadConversations();
  await settle();
  return client;
}

test("the next page shows a waiting change at once, and sends it once", async () => {
  const scene = await cutOff();
  scene.client.queueOwn(scene.row(), { pinned: false });
  await settle();
  closePage(scene);
  scene.server.own.pinned = true;
  const client = await nextPage(scene);
  await scene.clock.advance(60_000);
  assert.deepEqual([scene.patches(), scene.server.own.pinned, client.snapshot.conversations[0].own.pinned], [[{ pinned: false }], false, false]);
  assert.equal(scene.storage.getItem(KEY), null);
});

test("a change behind one that is being sent is sent by the next page", async () => {
  const scene = await cutOff();
  scene.server.restIsUp = true;
  const held = [];
  scene.server.onTheWay = () => new Promise((resolve) => held.push(resolve));
  scene.client.queueOwn(scene.row(), { pinned: true });
  scene.client.queueOwn(scene.row(), { pinned: false });
  await settle();
  assert.deepEqual(scene.patches(), [{ pinned: true }]);
  scene.server.onTheWay = async () => undefined;
  closePage(scene);
  await nextPage(scene);
  await scene.clock.advance(60_000);
  assert.deepEqual([scene.patches(), scene.server.own.pinned], [[{ pinned: false }], false]);
});

test("a change that was cancelled, answered or made void is not sent again", async () => {
  const scene = await cutOff();
  const key = scene.client.queueOwn(scene.row(), { pinned: false });
  scene.client.queueUnread(scene.row(), 1);
  await settle();
  scene.client.undo(key);
  scene.client.markReadUpTo(ROOM, 1);
  await settle();
  scene.server.restIsUp = true;
  scene.client.queueArchive(scene.row(), true);
  await settle();
  closePage(scene);
  await nextPage(scene);
  await scene.clock.advance(60_000);
  assert.deepEqual([scene.patches(), scene.storage.getItem(KEY)], [[], null]);
});

test("reading on the next page makes a waiting mark as unread void", async () => {
  const scene = await cutOff();
  scene.client.queueUnread(scene.row(), 1);
  await settle();
  closePage(scene);
  const { client } = newClient(scene);
  client.connect();
  client.markReadUpTo(ROOM, 1);
  await scene.clock.advance(60_000);
  assert.deepEqual([scene.patches(), scene.server.own.unreadFrom], [[], null]);
});

test("a notification whose deletion waits stays deleted on the next page", async () => {
  const scene = await cutOff();
  const note = { id: "00000000-0000-4000-8000-000000000009", title: "Old news" };
  scene.client.queueNotificationDelete(note);
  await settle();
  closePage(scene);
  scene.server.restIsUp = false;
  const { client } = newClient(scene);
  client.connect();
  await settle();
  const [shown] = client.withChanges([note]);
  assert.deepEqual([Boolean(shown.deletedAt), shown.pendingChange], [true, "notification"]);
});

test("a second tab sends nothing while the first one is open, and takes over when it is closed", async () => {
  const scene = await cutOff();
  scene.client.queueOwn(scene.row(), { pinned: false });
  await settle();
  const other = newClient(scene);
  other.client.connect();
  await settle();
  assert.equal(other.client.snapshot.pending, 0);
  scene.server.requests.length = 0;
  await scene.clock.advance(3_000);
  const sent = scene.server.requests.filter(({ method }) => method === "PATCH").length;
  closePage(scene);
  assert.ok(sent <= 2, `${sent} requests`); // the first tab's repetitions alone
  await scene.clock.advance(20_000);
  assert.deepEqual([scene.patches(), scene.server.own.pinned], [[{ pinned: false }], false]);
});

test("a change of more than a day ago, and what is no change, is dropped", async () => {
  const scene = await cutOff();
  scene.client.queueOwn(scene.row(), { pinned: false });
  await settle();
  closePage(scene);
  const [row] = JSON.parse(scene.storage.getItem(KEY));
  scene.storage.setItem(KEY, JSON.stringify([row, { ...row, id: "x", kind: "constructor" }, 7, { kind: "pin" }]));
  await scene.clock.advance(25 * 3_600_000);
  await nextPage(scene);
  await scene.clock.advance(60_000);
  assert.deepEqual([scene.patches(), scene.storage.getItem(KEY)], [[], null]);
});

test("to close and to connect again continues with what waits", async () => {
  const scene = await cutOff();
  scene.client.queueOwn(scene.row(), { pinned: false });
  await settle();
  closePage(scene);
  await scene.clock.advance(60_000);
  assert.deepEqual(scene.patches(), []);
  scene.client.connect();
  await scene.clock.advance(60_000);
  assert.deepEqual([scene.patches(), scene.server.own.pinned], [[{ pinned: false }], false]);
});

test("what was read before a mark as unread is sent before it", async () => {
  const scene = await cutOff();
  scene.server.isUp = false;
  scene.server.socket.onclose({ code: 1006, reason: "" });
  await settle();
  scene.client.markReadUpTo(ROOM, 1);
  await settle();
  scene.client.queueUnread(scene.row(), 1);
  await settle();
  scene.server.restIsUp = true; // REST is back before the socket
  await scene.clock.advance(5_000);
  assert.deepEqual(scene.patches().filter(({ seq }) => seq), []);
  scene.server.isUp = true;
  await scene.clock.advance(60_000);
  assert.equal(scene.server.sent("mark_read").length, 1);
  assert.deepEqual([scene.server.own.unreadFrom, scene.row().pendingChange], [1, undefined]);
});

test("a change takes the place of an older one that a closed page has left", async () => {
  const scene = await cutOff();
  scene.server.restIsUp = true;
  const other = await nextPage(scene);
  scene.server.restIsUp = false;
  scene.client.queueOwn(scene.row(), { pinned: false });
  await settle();
  closePage(scene);
  other.queueOwn(other.snapshot.conversations[0], { pinned: true });
  await settle();
  assert.equal(other.snapshot.conversations[0].own.pinned, true);
  await scene.clock.advance(60_000);
  assert.deepEqual([scene.patches(), scene.server.own.pinned], [[{ pinned: true }], true]);
});

test("what another version has stored in another form is dropped", async () => {
  const scene = await cutOff();
  scene.client.queueOwn(scene.row(), { pinned: false });
  await settle();
  closePage(scene);
  const [row] = JSON.parse(scene.storage.getItem(KEY));
  scene.storage.setItem(KEY, JSON.stringify([{ ...row, given: [] }]));
  await nextPage(scene);
  await scene.clock.advance(60_000);
  assert.deepEqual([scene.patches(), scene.storage.getItem(KEY)], [[], null]);
});

test("a mark as unread waits until a read that was cut off is sent again", async () => {
  const scene = await cutOff();
  scene.server.restIsUp = true;
  scene.server.refuses = ({ event }) => (event === "mark_read" ? "silence" : null);
  scene.client.markReadUpTo(ROOM, 1);
  await scene.clock.advance(100);
  scene.client.queueUnread(scene.row(), 1);
  await settle();
  scene.server.refuses = () => null;
  scene.server.isUp = false;
  scene.server.hangUp();
  await scene.clock.advance(5_000); // REST works, and the socket does not
  assert.deepEqual(scene.patches(), []);
  scene.server.isUp = true;
  await scene.clock.advance(60_000);
  assert.equal(scene.server.sent("mark_read").length, 2);
  assert.deepEqual([scene.server.own.unreadFrom, scene.row().pendingChange], [1, undefined]);
});

test("what could still be undone is sent at once, and its answer awaited", async () => {
  const scene = await cutOff();
  scene.server.restIsUp = true;
  const note = { id: "00000000-0000-4000-8000-000000000009", readAt: null };
  scene.client.queueNotificationDelete(note, { within: 7_000 });
  await settle();
  assert.equal(scene.server.requests.length, 0);
  await scene.client.flush();
  assert.deepEqual(scene.server.requests.map(({ method }) => method), ["DELETE"]);
  assert.equal(scene.storage.getItem(KEY), null);
});
