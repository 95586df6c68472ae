import assert from "node:assert/strict";
import { test } from "node:test";
import { ROOM, contents, differences, joined, newClient, setting, settle } from "./setting.js";

const KEY = "business-chat:outbox:7";
const stored = ({ storage }) => JSON.parse(storage.getItem(KEY) ?? "[]");
const refusal = (code, details) => ({ code, message: code, details });

test("a message is shown at once, and turns into the stored one", async () => {
  const scene = await joined();
  const told = [];
  const waiting = () => scene.client.pendingMessages(ROOM).map(({ status, content }) => [status, content]);
  scene.client.on("pending_messages", ({ conversationId }) => told.push([conversationId, waiting()]));
  const { clientId, acked } = scene.client.send(ROOM, "hello");
  const message = acked();
  assert.deepEqual(scene.view.messages.map(({ id, status, content }) => [id, status, content]), [[clientId, "sending", "hello"]]);
  assert.equal(stored(scene).length, 1);
  assert.equal((await message).seq, 1);
  await settle();
  assert.equal(stored(scene).length, 0);
  assert.deepEqual(told, [[ROOM, [["sending", "hello"]]], [ROOM, []]]);
  assert.equal(differences(scene), "");
});

test("messages of a conversation are sent one after the other, so that a retry cannot change their order", async () => {
  const scene = await joined();
  let refusals = 1;
  scene.server.refuses = ({ data }) =>
    data.content === "one" && refusals-- > 0 ? refusal("rate_limited", { retryAfter: 2 }) : null;
  for (const content of ["one", "two", "three"]) scene.client.send(ROOM, content);
  await scene.clock.advance(1_900);
  assert.equal(scene.server.sent("send_message").length, 1);
  await scene.clock.advance(5_000);
  assert.deepEqual(contents(scene.view), ["one", "two", "three"]);
  assert.equal(differences(scene), "");
});

test("unacked messages are sent again on the next socket, with the same clientId", async () => {
  const scene = await joined();
  scene.server.refuses = ({ event, data }) => {
    if (event !== "send_message") return null;
    scene.server.write(data.content, { senderId: "7", clientId: data.clientId }); // stored, but the ack is lost
    return "silence";
  };
  scene.server.loses = () => true;
  scene.client.send(ROOM, "once");
  await settle();
  scene.server.refuses = () => null;
  scene.server.hangUp();
  await scene.clock.advance(5_000);
  assert.equal(scene.server.messages.length, 1);
  assert.equal(differences(scene), "");
  assert.equal(stored(scene).length, 0);
});

test("a message whose event has arrived needs no ack", async () => {
  const scene = await joined();
  scene.server.refuses = ({ event, data }) => {
    if (event !== "send_message") return null;
    scene.server.write(data.content, { senderId: "7", clientId: data.clientId });
    return "silence";
  };
  scene.client.send(ROOM, "seen");
  await settle();
  assert.equal(differences(scene), "");
  assert.equal(stored(scene).length, 0);
});

test("an acked message has its place even if its event is lost", async () => {
  const scene = await joined();
  scene.server.loses = () => true;
  scene.client.send(ROOM, "mine");
  await settle();
  assert.deepEqual(scene.view.messages.map(({ content, status, seq }) => [content, status, seq]), [["mine", "sent", 1]]);
  await scene.clock.advance(2_000);
  assert.equal(differences(scene), "");
});

test("the outbox survives the page, in order, and only for its user's is touched", async () => {
  const scene = await joined({ restAfter: 1e9 });
  scene.server.isUp = false;
  scene.server.hangUp();
  for (const content of ["one", "two", "three"]) scene.client.send(ROOM, content);
  scene.client.close();
  scene.server.isUp = true;

  scene.server.userId = "8";
  const stranger = newClient(scene, { userId: "8" });
  stranger.client.connect();
  await scene.clock.advance(20_000);
  stranger.client.close();
  assert.equal(scene.server.messages.length, 0);
  scene.server.userId = "7";

  const next = newClient(scene);
  const view = next.client.join(ROOM);
  await view.ready();
  assert.deepEqual(contents(view), ["one", "two", "three"]);
  next.client.connect();
  await scene.clock.advance(1_000);
  assert.deepEqual(scene.server.messages.map(({ content }) => content), ["one", "two", "three"]);
  assert.equal(differences({ view, server: scene.server }), "");
});

test("another tab takes over the messages of a dead one after a while", async () => {
  const scene = await joined({ restAfter: 1e9 });
  scene.server.isMute = true;
  scene.client.send(ROOM, "orphan");
  await settle();
  const rows = stored(scene);
  scene.client.close();
  scene.storage.setItem(KEY, JSON.stringify(rows)); // closed without a goodbye: the claim still stands
  scene.server.isMute = false;

  const other = newClient(scene);
  other.client.connect();
  await scene.clock.advance(1_000);
  assert.equal(scene.server.messages.length, 0);
  await scene.clock.advance(15_000);
  assert.deepEqual(scene.server.messages.map(({ content }) => content), ["orphan"]);
});

test("a second tab does not send the messages of the first one", async () => {
  const scene = await joined({ restAfter: 1e9 });
  scene.server.refuses = ({ event }) => (event === "send_message" ? refusal("unavailable", { retryAfter: 1 }) : null);
  scene.client.send(ROOM, "busy");
  const other = newClient(scene);
  other.client.connect();
  await scene.clock.advance(60_000);
  assert.equal(other.client.snapshot.pending, 0);
  assert.equal(stored(scene).length, 1);
  scene.server.refuses = () => null;
  await scene.clock.advance(10_000);
  assert.equal(scene.server.messages.length, 1);
  assert.equal(stored(scene).length, 0);
});

for (const code of ["invalid", "too_large", "not_found", "frozen", "forbidden"]) {
  test(`${code} fails a message, and the next one is sent`, async () => {
    const scene = await joined();
    scene.server.refuses = ({ data }) => (data.content === "bad" ? refusal(code) : null);
    const { acked } = scene.client.send(ROOM, "bad");
    const failure = assert.rejects(acked(), { code });
    scene.client.send(ROOM, "good");
    await settle();
    await failure;
    assert.deepEqual(scene.view.messages.map(({ content, status }) => [content, status]), [["good", "sent"], ["bad", "failed"]]);
    const failed = scene.view.messages[1];
    assert.equal(failed.error.code, code);
    scene.server.refuses = () => null;
    failed.retry();
    await settle();
    assert.deepEqual(contents(scene.view), ["good", "bad"]);
    assert.equal(differences(scene), "");
  });
}

test("a failed message survives a reload until it is discarded", async () => {
  const scene = await joined();
  scene.server.refuses = ({ event }) => (event === "send_message" ? refusal("frozen") : null);
  scene.client.send(ROOM, "bad");
  await settle();
  scene.client.close();
  const { client } = newClient(scene);
  const view = client.join(ROOM);
  await view.ready();
  assert.deepEqual(view.messages.map(({ status }) => status), ["failed"]);
  view.messages[0].discard();
  assert.deepEqual(view.messages, []);
  assert.deepEqual(stored(scene), []);
});

test("a frame that would close the socket is never sent", async () => {
  const scene = await joined();
  const { acked } = scene.client.send(ROOM, "x".repeat(70_000));
  await assert.rejects(acked(), { code: "too_large" });
  assert.equal(scene.server.sent("send_message").length, 0);
});

test("after some seconds without a socket, messages are sent over REST", async () => {
  const scene = await joined({ restAfter: 8_000 });
  scene.server.isUp = false;
  scene.server.hangUp();
  scene.client.send(ROOM, "by post");
  await scene.clock.advance(7_000);
  assert.equal(scene.server.messages.length, 0);
  await scene.clock.advance(2_000);
  assert.equal(scene.server.messages.length, 1);
  assert.deepEqual(contents(scene.view), ["by post"]);
  assert.equal(stored(scene).length, 0);
  scene.server.isUp = true;
  await scene.clock.advance(60_000);
  assert.equal(differences(scene), "");
});

test("without any connection nothing is lost, and there is no retry storm", async () => {
  const scene = await joined();
  scene.server.isUp = scene.server.restIsUp = false;
  scene.server.hangUp();
  scene.client.send(ROOM, "patient");
  await scene.clock.advance(120_000);
  const posts = scene.server.requests.filter(({ method }) => method === "POST").length;
  assert.ok(posts > 3 && posts < 30, `${posts} posts in two minutes`);
  scene.server.isUp = scene.server.restIsUp = true;
  await scene.clock.advance(60_000);
  assert.equal(differences(scene), "");
});

test("the outbox is bounded, and a full storage loses no message of this page", async () => {
  const scene = setting({ restAfter: 1e9 });
  for (let number = 0; number < 500; number += 1) scene.client.send(ROOM, `m ${number}`);
  assert.throws(() => scene.client.send(ROOM, "one more"), { code: "outbox_full" });
  const full = setting();
  full.storage.setItem = () => {
    throw new Error("QuotaExceededError");
  };
  full.client.connect();
  await settle();
  full.client.send(ROOM, "still sent");
  await full.clock.advance(1_000);
  assert.equal(full.server.messages.length, 1);
  assert.ok(full.troubles.length > 0);
});

test("a cookie session sends messages that were written before it knew the user", async () => {
  const scene = setting({ token: undefined, userId: undefined });
  scene.client.send(ROOM, "early");
  scene.client.connect();
  await scene.clock.advance(1_000);
  assert.equal(scene.client.userId, "7");
  assert.equal(scene.server.messages[0].content, "early");
});
