// What the user sets for themselves: merged, counted, and found by a heartbeat.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ConversationStore } from "../../../clients/javascript/src/conversation-store.js";
import { FakeClock } from "./fakes.js";
import { ROOM, joined, settle } from "./setting.js";

const HOUR = 3_600_000;

function conversation(id, more = {}) {
  const at = "2026-01-01T00:00:00Z";
  return { id, rev: 5, unreadCount: 2, archived: false, lastMessageAt: at, createdAt: at, updatedAt: at, ...more };
}

function own(stateRev, more = {}) {
  return { stateRev, mutedUntil: null, pinned: false, unreadFrom: null, ...more };
}

function newStore() {
  const clock = new FakeClock();
  return { clock, store: new ConversationStore(() => undefined, clock) };
}

test("an event for a whole side keeps the reader's own state's own state alone", () => {
  const { store } = newStore();
  store.put(conversation("a", { own: own(3, { pinned: true }) }));
  store.put(conversation("a", { rev: 6, unreadCount: 3 }));
  assert.deepEqual([store.get("a").own.pinned, store.get("a").unreadCount], [true, 3]);
  store.put(conversation("a", { rev: 7, own: own(2) }));
  assert.equal(store.get("a").own.stateRev, 3);
});

test("of two objects with the same rev, the one with the higher stateRev is newer", () => {
  const { store } = newStore();
  store.put(conversation("a", { own: own(2, { pinned: true }) }));
  assert.equal(store.put(conversation("a", { own: own(1) })), false);
  store.put(conversation("a", { own: own(3), unreadCount: 7 }));
  assert.deepEqual([store.get("a").own.pinned, store.unread.total], [false, 7]);
});

test("a muted conversation is counted separately, and normally again after the mute", async () => {
  const { store, clock } = newStore();
  const until = new Date(clock.now() + HOUR).toISOString();
  store.put(conversation("a", { own: own(1, { mutedUntil: until }) }));
  store.put(conversation("b"));
  assert.deepEqual([store.unread.total, store.unread.muted], [2, 2]);
  store.put(conversation("a", { rev: 6, unreadCount: 5 }));
  assert.deepEqual([store.unread.total, store.unread.muted], [2, 5]);
  assert.deepEqual(store.unread.mutedIds, ["a"]);
  await clock.advance(HOUR + 1);
  assert.deepEqual([store.unread.total, store.unread.muted], [7, 0]);
  assert.deepEqual(store.unread.mutedIds, []);
});

test("the counts of a sync name the muted conversations", () => {
  const { store, clock } = newStore();
  const until = new Date(clock.now() + HOUR).toISOString();
  const counts = store.startCount();
  counts.take({ conversations: { a: 4, b: 1 }, mutedUntil: { a: until } });
  counts.end();
  assert.deepEqual([store.unread.total, store.unread.muted], [1, 4]);
  assert.deepEqual(store.unread.mutedIds, ["a"]);
});

test("a heartbeat with another stateRev makes the client sync", async () => {
  const scene = await joined();
  scene.server.write("one");
  await settle();
  scene.server.stateRev = 1;
  await scene.clock.advance(30_000);
  assert.equal(scene.server.sent("sync").filter(({ data }) => ROOM in data.conversations).length > 0, true);
  assert.equal(scene.client.snapshot.conversations[0].own.stateRev, 1);
  const syncs = scene.server.sent("sync").length;
  await scene.clock.advance(60_000);
  assert.equal(scene.server.sent("sync").length, syncs);
});
