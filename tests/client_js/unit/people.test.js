import assert from "node:assert/strict";
import { test } from "node:test";
import { ROOM, joined, setting, settle } from "./setting.js";

test("typing is sent rarely, and stops by itself", async () => {
  const { client, server, clock } = await joined();
  for (let key = 0; key < 20; key += 1) {
    client.startTyping(ROOM);
    await clock.advance(200);
  }
  assert.equal(server.sent("typing_start").length, 2);
  assert.equal(server.sent("typing_stop").length, 0);
  await clock.advance(3_000);
  assert.equal(server.sent("typing_stop").length, 1);
  client.stopTyping(ROOM);
  await settle();
  assert.equal(server.sent("typing_stop").length, 1);
});

test("sending ends typing without a typing_stop", async () => {
  const { client, server, clock } = await joined();
  client.startTyping(ROOM);
  client.send(ROOM, "done");
  await clock.advance(10_000);
  assert.equal(server.sent("typing_stop").length, 0);
  client.startTyping(ROOM);
  await settle();
  assert.equal(server.sent("typing_start").length, 2);
});

test("another's typing ends with a stop, a message, a lost stop and a lost socket", async () => {
  const { client, server, clock, view } = await joined();
  const start = async () => {
    server.push("user_typing", { conversationId: ROOM, userId: "8", isTyping: true });
    await settle();
    assert.deepEqual(view.snapshot.typing, ["8"]);
    assert.ok(client.isUserTyping(ROOM, "8"));
  };
  await start();
  server.push("user_typing", { conversationId: ROOM, userId: "8", isTyping: false });
  await settle();
  assert.deepEqual(view.snapshot.typing, []);
  await start();
  server.write("here it is");
  await settle();
  assert.deepEqual(view.snapshot.typing, []);
  await start();
  await clock.advance(7_100);
  assert.deepEqual(view.snapshot.typing, []);
  await start();
  server.hangUp();
  assert.deepEqual(view.snapshot.typing, []);
});

test("reads are collected into few frames of at most 500 ids, each once", async () => {
  const { client, server, clock } = await joined();
  const ids = Array.from({ length: 1_200 }, (_, number) => `x${number}`);
  for (const id of ids) client.markRead(ROOM, [id]);
  client.markRead(ROOM, ids);
  await clock.advance(1_000);
  const frames = server.sent("mark_read").map(({ data }) => data.messageIds.length);
  assert.deepEqual(frames, [500, 500, 200]);
});

test("own, pending and read messages are not marked", async () => {
  const { client, server, clock, view } = await joined();
  server.write("mine", { senderId: "7" });
  server.write("theirs");
  server.write("theirs, read");
  server.read(["m3"]);
  await settle();
  server.refuses = ({ event }) => (event === "send_message" ? "silence" : null);
  const { clientId } = client.send(ROOM, "pending");
  view.markRead(["m1", "m2", "m3", clientId]);
  await clock.advance(1_000);
  assert.deepEqual(server.sent("mark_read").map(({ data }) => data.messageIds), [["m2"]]);
});

test("a read that was lost with the socket is sent again on the next one", async () => {
  const { client, server, clock } = await joined();
  server.write("theirs");
  await settle();
  server.refuses = ({ event }) => (event === "mark_read" ? "silence" : null);
  client.markRead(ROOM, ["m1"]);
  await clock.advance(100);
  server.refuses = () => null;
  server.hangUp();
  await clock.advance(3_000);
  assert.equal(server.messages[0].status, "read");
});

for (const code of ["unavailable", "rate_limited"]) {
  test(`reads are sent until the server takes them, ever more slowly: ${code}`, async () => {
    const { client, server, clock } = await joined();
    server.write("theirs");
    server.write("and this");
    await settle();
    server.refuses = ({ event }) => (event === "mark_read" ? { code, message: "", details: { retryAfter: 1 } } : null);
    client.markReadUpTo(ROOM, 1);
    await clock.advance(600_000);
    const attempts = server.sent("mark_read").length;
    assert.ok(attempts > 15 && attempts < 30, `${attempts} attempts`);
    client.markRead(ROOM, ["m2"]);
    await clock.advance(600_000);
    server.refuses = () => null;
    await clock.advance(31_000);
    assert.deepEqual(server.messages.map(({ status }) => status), ["read", "read"]);
  });
}

test("a read that the server cannot take is given up", async () => {
  const { client, server, clock } = await joined();
  server.write("theirs");
  await settle();
  server.refuses = ({ event }) => (event === "mark_read" ? { code: "internal", message: "" } : null);
  client.markReadUpTo(ROOM, 1);
  await clock.advance(600_000);
  assert.equal(server.sent("mark_read").length, 5);
});

test("an answer about presence that an event has overtaken is not shown", async () => {
  const { client, server, clock } = await joined();
  server.onTheWay = async () => {
    server.deliver("user_offline", { userId: "8", lastSeen: "2026-01-02T03:04:05Z" });
    await settle();
  };
  client.isUserOnline("8");
  client.isUserOnline("9");
  await clock.advance(100);
  assert.equal(client.isUserOnline("8"), false);
  assert.equal(client.isUserOnline("9"), true);
});

test("presence is fetched once for all users, updated by events, and fetched again after a loss", async () => {
  const { client, server, clock } = await joined();
  const asked = () => server.requests.filter(({ path }) => path === "/presence");
  assert.equal(client.isUserOnline("8"), false);
  assert.equal(client.isUserOnline("9"), false);
  await clock.advance(100);
  assert.deepEqual(asked().map(({ query }) => query.userIds), ["8,9"]);
  assert.ok(client.isUserOnline("8"));
  server.push("user_offline", { userId: "8", lastSeen: "2026-01-02T03:04:05Z" });
  await settle();
  assert.equal(client.isUserOnline("8"), false);
  assert.equal(client.snapshot.presence.get("8").lastSeen, "2026-01-02T03:04:05Z");
  server.hangUp();
  await clock.advance(3_000);
  assert.equal(asked().length, 2);
});

test("unread counts follow the conversation, and a sync does not undo a newer one", async () => {
  const { client, server, clock } = await joined();
  const conversation = (rev, unreadCount) => ({ ...server.conversation(), rev, unreadCount });
  const update = (rev, unread) =>
    server.deliver("conversation_updated", { conversationId: ROOM, rev, conversation: conversation(rev, unread) });
  server.rev = 9;
  update(3, 2);
  await settle();
  assert.deepEqual(client.snapshot.unread, { total: 2, muted: 0, mutedIds: [], conversations: { [ROOM]: 2 } });
  update(2, 1);
  await settle();
  assert.equal(client.snapshot.unread.total, 2);
  await clock.advance(60_000);
  assert.equal(client.snapshot.unread.total, 0);
});

test("notifications are reported once and in order, and a gap is fetched", async () => {
  const { client, server, clock } = await joined();
  const told = [];
  client.on("notification", ({ notification }) => told.push(notification.id));
  const sync = server.on_sync.bind(server);
  const note = (number) => ({ id: `n${number}` });
  server.on_sync = (data) => {
    const after = Number(data.notificationsAfter ?? 0);
    const notifications = [1, 2, 3].filter((number) => number > after).map(note);
    return { ...sync(data), notifications, notificationsRev: 3, notificationsUnread: { total: 3 } };
  };
  client.close();
  server.on_sync = ((full) => (data) => ({ ...full(data), notificationsRev: data.notificationsAfter ? 3 : 0 }))(server.on_sync);
  client.connect();
  await clock.advance(1_000);
  server.deliver("notification", { notification: note(1), rev: 1, unreadCount: 1 });
  server.deliver("notification", { notification: note(1), rev: 1, unreadCount: 1 });
  server.deliver("notification", { notification: note(3), rev: 3, unreadCount: 3 });
  await clock.advance(1_000);
  assert.deepEqual(told, ["n1", "n2", "n3"]);
  assert.equal(client.snapshot.unreadNotifications, 3);
});

test("a notification that overtakes the first sync is fetched, and the count is reported", async () => {
  const { client, server, clock } = setting();
  const told = [];
  const counts = [];
  client.on("notification", ({ notification }) => told.push(notification.id));
  client.on("unread_notifications", ({ unreadCount }) => counts.push(unreadCount));
  const sync = server.on_sync.bind(server);
  let first = true;
  server.on_sync = (data) => {
    const full = sync(data);
    if (!first) return { ...full, notifications: [{ id: "n1" }], notificationsRev: 1, notificationsUnread: { total: 1 } };
    first = false;
    server.deliver("notification", { notification: { id: "n1" }, rev: 1, unreadCount: 1 }); // before the answer, made before it
    return { ...full, notifications: [], notificationsRev: 0, notificationsUnread: { total: 0 } };
  };
  client.connect();
  await clock.advance(1_000);
  assert.deepEqual(told, ["n1"]);
  assert.deepEqual(counts, [0, 1]);
});

test("views are shared, and end when the last user leaves", async () => {
  const { client, server, view } = await joined();
  const again = client.join(ROOM);
  assert.equal(again, view);
  again.leave();
  await settle();
  assert.equal(server.sent("leave_conversation").length, 0);
  view.leave();
  await settle();
  assert.equal(server.sent("leave_conversation").length, 1);
  assert.equal(client.conversation(ROOM), undefined);
});

test("a conversation of others is gone, without endless retries", async () => {
  const { client, clock } = await joined();
  const view = client.join("00000000-0000-4000-8000-00000000dead");
  await assert.rejects(view.ready(), { code: "not_found" });
  await clock.advance(60_000);
  assert.equal(view.status, "gone");
});

test("a listener that throws does not affect others", async () => {
  const { client, server, told } = await joined();
  const uncaught = new Promise((resolve) => {
    const [known] = process.listeners("uncaughtException");
    process.removeAllListeners("uncaughtException");
    process.once("uncaughtException", (error) => {
      if (known) process.on("uncaughtException", known);
      resolve(error);
    });
  });
  client.on("new_message", () => {
    throw new Error("a bug of the page");
  });
  const later = [];
  client.on("new_message", ({ message }) => later.push(message.content));
  server.write("one");
  await settle();
  assert.deepEqual(later, ["one"]);
  assert.equal(told.length, 1);
  assert.equal((await uncaught).message, "a bug of the page");
});
