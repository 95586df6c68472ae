// Reactions: live, missed and found by a sync, and made by this client.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ROOM, differences, joined, settle } from "./setting.js";

const THUMB = [{ emoji: "👍", count: 1, userIds: ["7"] }];

function react(server, reactions = THUMB) {
  server.rev += 1;
  server.messages = server.messages.map((m) => (m.id === "m1" ? { ...m, rev: server.rev, reactions } : m));
  server.push("reactions_updated", { conversationId: ROOM, rev: server.rev, messageId: "m1", reactions });
}

test("a reaction changes only its message, and causes no sync", async () => {
  const scene = await joined();
  scene.server.write("one");
  scene.server.write("two");
  await settle();
  const heard = [];
  scene.client.on("reactions_updated", (data) => heard.push(data.reactions));
  react(scene.server);
  await settle();
  assert.deepEqual(scene.view.messages[0].reactions, THUMB);
  assert.deepEqual(heard, [THUMB]);
  assert.equal(scene.server.sent("sync").length, 0);
  assert.equal(differences(scene), "");
});

test("a missed reaction arrives with the sync, and is reported", async () => {
  const scene = await joined();
  scene.server.write("one");
  await settle();
  const heard = [];
  scene.client.on("reactions_updated", (data) => heard.push(data.reactions));
  scene.server.loses = (event) => event === "reactions_updated";
  react(scene.server);
  scene.server.loses = () => false;
  scene.server.write("two");
  await scene.clock.advance(5_000);
  assert.deepEqual(scene.view.messages[0].reactions, THUMB);
  assert.deepEqual(heard, [THUMB]);
  assert.equal(differences(scene), "");
});

test("a late event does not restore an older list", async () => {
  const scene = await joined();
  scene.server.write("one");
  react(scene.server);
  const old = { conversationId: ROOM, rev: scene.server.rev, messageId: "m1", reactions: THUMB };
  react(scene.server, []);
  await settle();
  scene.server.push("reactions_updated", old);
  await settle();
  assert.deepEqual(scene.view.messages[0].reactions, []);
});
