// A server that is newer than the client, or that was restored from an older backup.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ROOM, differences, joined, settle } from "./setting.js";

test("an event with an unknown name takes its turn, moves the rev, and causes no sync", async () => {
  const scene = await joined();
  scene.server.write("one");
  await settle();
  const heard = [];
  scene.client.on("polls_updated", (data) => heard.push(data.rev));
  const rev = ++scene.server.rev;
  scene.server.push("polls_updated", { conversationId: ROOM, rev, messageId: "m1", reactions: [] });
  scene.server.write("two");
  await scene.clock.advance(60_000);
  assert.equal(scene.server.sent("sync").length, 0);
  assert.equal(scene.view.rev, scene.server.rev);
  assert.deepEqual(heard, [2]);
  assert.equal(differences(scene), "");
});

test("an unknown event that comes early waits for the one before it", async () => {
  const scene = await joined();
  scene.server.loses = (event) => event === "new_message";
  scene.server.write("one");
  const rev = ++scene.server.rev;
  scene.server.push("polls_updated", { conversationId: ROOM, rev, messageId: "m1", reactions: [] });
  await settle();
  assert.equal(scene.view.rev, 0);
  await scene.clock.advance(5_000);
  assert.equal(scene.view.rev, 2);
});

test("fields that the client does not know are kept", async () => {
  const scene = await joined();
  scene.server.write("one");
  const [message] = scene.server.messages;
  scene.server.messages = [{ ...message, reactions: [{ emoji: "👍", count: 1 }] }];
  scene.server.edit("m1", "edited");
  scene.server.read(["m1"]);
  await settle();
  assert.deepEqual(scene.view.messages[0].reactions, [{ emoji: "👍", count: 1 }]);
  assert.equal(differences(scene), "");
});

test("a server restored from a backup: what it has replaces what the client has", async () => {
  const scene = await joined();
  for (const content of ["one", "two", "three"]) scene.server.write(content);
  await settle();
  scene.server.messages = scene.server.messages.slice(0, 1);
  scene.server.rev = 1;
  await scene.clock.advance(60_000);
  assert.equal(differences(scene), "");
  assert.equal(scene.view.conversation.rev, 1);
  const syncs = scene.server.sent("sync").length;
  scene.server.write("another two");
  await scene.clock.advance(60_000);
  assert.equal(differences(scene), "");
  assert.equal(scene.server.sent("sync").length, syncs);
});
