// Pins, mutes and marks as unread that are shown before the server has them, and a mark that reading makes void.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ROOM, joined, settle } from "./setting.js";

/** Joined, with one read message and the conversation in the list. `row()` is what a list shows. */
async function listed() {
  const scene = await joined();
  scene.server.write("Hello");
  await scene.client.loadConversations();
  await settle();
  const refused = [];
  scene.client.on("change_refused", ({ key, error }) => refused.push([key, error.code]));
  const row = () => scene.client.snapshot.conversations[0];
  const patches = () => scene.server.requests.filter(({ method }) => method === "PATCH").map(({ body }) => body);
  return { ...scene, row, patches, refused };
}

/** Hold the answers of REST until the returned function is called. */
function hold(server) {
  const waiting = [];
  server.onTheWay = () => new Promise((resolve) => waiting.push(resolve));
  return () => {
    server.onTheWay = async () => undefined;
    for (const resolve of waiting.splice(0)) resolve();
  };
}

test("a pin waits for the network and is shown meanwhile", async () => {
  const { client, server, clock, row, refused } = await listed();
  server.restIsUp = false;
  client.queueOwn(row(), { pinned: true });
  await settle();
  assert.deepEqual([row().own.pinned, row().pendingChange], [true, "pin"]);
  server.restIsUp = true;
  await clock.advance(60_000);
  assert.deepEqual([row().own.pinned, row().pendingChange, server.stateRev, refused], [true, undefined, 1, []]);
});

test("a refused mute is undone and reported", async () => {
  const { client, server, row, refused } = await listed();
  server.isGone = true;
  client.queueOwn(row(), { mutedUntil: "9999-01-01T00:00:00Z" });
  assert.equal(row().own.mutedUntil, "9999-01-01T00:00:00Z");
  await settle();
  assert.equal(row().own?.mutedUntil ?? null, null);
  assert.deepEqual(refused, [[`mutedUntil/${ROOM}`, "not_found"]]);
});

test("a mark as unread that waits can be cancelled", async () => {
  const { client, server, clock, row, patches } = await listed();
  server.restIsUp = false;
  const key = client.queueUnread(row(), 1);
  await settle();
  assert.deepEqual([row().unreadCount, row().own.unreadFrom], [1, 1]);
  assert.equal(client.undo(key), true);
  server.restIsUp = true;
  const before = patches().length;
  await clock.advance(60_000);
  assert.deepEqual([row().unreadCount, patches().length], [0, before]);
});

test("an unpin during the request of the pin is sent after its answer, and is the last", async () => {
  const { client, server, row, patches } = await listed();
  const release = hold(server);
  client.queueOwn(row(), { pinned: true });
  client.queueOwn(row(), { pinned: false });
  await settle();
  assert.deepEqual([patches(), row().own.pinned], [[{ pinned: true }], false]);
  release();
  await settle();
  assert.deepEqual(patches(), [{ pinned: true }, { pinned: false }]);
  assert.deepEqual([server.own.pinned, row().own.pinned, row().pendingChange], [false, false, undefined]);
});

const READING = [
  ["up to a message", ({ client }) => client.markReadUpTo(ROOM, 1)],
  ["a message", ({ client }) => client.markRead(ROOM, ["m1"])],
  ["everything", ({ client }) => client.markAllRead(ROOM).catch(() => undefined)],
];

for (const [what, read] of READING) {
  test(`to read ${what} cancels a mark as unread that waits`, async () => {
    const scene = await listed();
    scene.server.restIsUp = false;
    scene.client.queueUnread(scene.row(), 1);
    await settle();
    read(scene);
    await settle();
    assert.deepEqual([scene.row().unreadCount, scene.row().pendingChange], [0, undefined]);
    scene.server.restIsUp = true;
    await scene.clock.advance(60_000);
    assert.deepEqual([scene.server.own.unreadFrom, scene.row().unreadCount], [null, 0]);
  });
}

test("to read while the mark as unread is being sent waits for its answer", async () => {
  const { client, server, clock, row } = await listed();
  const release = hold(server);
  client.queueUnread(row(), 1);
  await settle();
  client.markReadUpTo(ROOM, 1);
  await clock.advance(1_000);
  assert.equal(server.sent("mark_read").length, 0);
  release();
  await clock.advance(1_000);
  assert.equal(server.sent("mark_read").length, 1);
  assert.deepEqual([server.own.unreadFrom, row().pendingChange], [null, undefined]);
  assert.deepEqual(client.snapshot.unread.conversations, {});
});
