// A server that is newer than the client, or that was restored from an older backup.
import assert from "node:assert/strict";
import { test } from "node:test";
import { NotificationFeed } from "../../../clients/javascript/src/notifications.js";
import { ROOM, differences, joined, setting, settle } from "./setting.js";

test("an event with an unknown name is processed in order, advances the rev, and causes no sync", async () => {
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

test("an unknown event that is early waits for the previous one", async () => {
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

test("the state of a server restored from a backup replaces the client's state", async () => {
  const scene = await joined();
  for (const content of ["one", "two", "three"]) scene.server.write(content);
  scene.server.push("conversation_updated", { conversationId: ROOM, rev: 3, conversation: scene.server.conversation() });
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

test("a page that reconnects to a restored server uses sync at once, not at the next heartbeat", async () => {
  const scene = await joined();
  for (const content of ["one", "two", "three"]) scene.server.write(content);
  await settle();
  scene.server.messages = scene.server.messages.slice(0, 1);
  scene.server.rev = 1;
  scene.server.hangUp();
  await scene.clock.advance(3_000);
  const asked = scene.server.sent("sync").map(({ data }) => data.conversations[ROOM]);
  assert.ok(asked.includes(3), `asked for ${asked}`);
  assert.equal(scene.server.sent("heartbeat").filter(({ ref }) => ref).length, 0);
  assert.equal(differences(scene), "");
});

test("the list shows the state of a restored server, also for conversations that are not open", async () => {
  const scene = setting();
  for (const content of ["one", "two", "three"]) scene.server.write(content);
  await scene.client.loadConversations();
  const fetch = scene.client.loadConversations();
  scene.server.write("while it is fetched");
  await fetch;
  assert.equal(scene.client.snapshot.conversations[0].lastMessage, "while it is fetched");
  scene.server.messages = scene.server.messages.slice(0, 1);
  scene.server.rev = 1;
  await scene.client.loadConversations();
  assert.equal(scene.client.snapshot.conversations[0].lastMessage, "one");
});

test("notifications continue after a restored backup", () => {
  const told = [];
  const feed = new NotificationFeed({ tell: (event) => told.push(event), missing: () => told.push("missing") });
  feed.synced({ notificationsRev: 9, notificationsUnread: { total: 2 } }, undefined);
  told.length = 0;
  feed.synced({ notificationsRev: 4, notificationsUnread: { total: 1 }, notificationsResync: true }, "9");
  assert.deepEqual(told, ["unread_notifications", "notifications_reset"]);
  feed.receive({ rev: 5, unreadCount: 2, notification: { id: "n" } });
  assert.equal(told.at(-1), "notification");
  assert.equal(feed.after, "5");
});

test("an event that overtakes the answer of a sync does not look like a restored backup", () => {
  const told = [];
  const feed = new NotificationFeed({ tell: (event) => told.push(event), missing: () => told.push("missing") });
  feed.synced({ notificationsRev: 4 }, undefined);
  feed.receive({ rev: 5, unreadCount: 1, notification: { id: "n" } });
  feed.synced({ notificationsRev: 4 }, "4");
  assert.equal(feed.after, "5");
  assert.deepEqual(told, ["notification"]);
});
