// Messages that cannot be sent: each is marked as failed after a bounded number of attempts, and later ones go on.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ROOM, joined, newClient, settle } from "./setting.js";

const KEY = "business-chat:outbox:7";
const HALF = "cut \ud83d";
const isSend = ({ event, data }, content) => event === "send_message" && data.content === content;
const contentsOf = ({ server }) => server.messages.map(({ content }) => content);
const statuses = ({ view }) => view.messages.map(({ content, status }) => [content, status]);

test("half a surrogate pair is replaced before the message is shown, stored or sent", async () => {
  const scene = await joined();
  scene.client.send(ROOM, HALF);
  assert.equal(scene.view.messages[0].content, "cut \ufffd");
  await settle();
  assert.deepEqual(contentsOf(scene), ["cut \ufffd"]);
  scene.client.send(ROOM, "whole \u{1F600}");
  await settle();
  assert.equal(contentsOf(scene)[1], "whole \u{1F600}");
});

test("every command and every request is well formed", async () => {
  const scene = await joined();
  scene.client.request("edit_message", { messageId: "m1", content: HALF }).catch(() => undefined);
  scene.client.rest.post("/anywhere", { deep: [HALF] }).catch(() => undefined);
  await settle();
  assert.equal(scene.server.sent("edit_message")[0].data.content, "cut \ufffd");
  assert.deepEqual(scene.server.requests.at(-1).body, { deep: ["cut \ufffd"] });
});

test("content that is not text is refused at once", async () => {
  const scene = await joined();
  for (const content of [undefined, null, 7, {}, 10n]) {
    assert.throws(() => scene.client.send(ROOM, content), { code: "invalid" });
  }
  assert.equal(scene.client.snapshot.pending, 0);
});

test("an error without a ref fails the only command that waits", async () => {
  const scene = await joined();
  scene.server.refuses = (frame) => {
    if (!isSend(frame, "bad")) return null;
    scene.server.deliver("error", { code: "invalid", message: "unreadable" });
    return "silence";
  };
  const { acked } = scene.client.send(ROOM, "bad");
  scene.client.send(ROOM, "good");
  await assert.rejects(acked(), { code: "invalid" });
  await settle();
  assert.deepEqual(statuses(scene), [["good", "sent"], ["bad", "failed"]]);
});

for (const [name, answer] of [
  ["no answer", "silence"],
  ["a code that the client does not know", { code: "quota_used_up", message: "no" }],
  ["internal errors", { code: "internal", message: "our fault" }],
]) {
  test(`${name}: a bounded number of attempts, then the next message goes on`, async () => {
    const scene = await joined();
    scene.server.refuses = (frame) => (isSend(frame, "bad") ? answer : null);
    const failures = [];
    scene.client.on("message_failed", ({ error }) => failures.push(error.code));
    const { clientId } = scene.client.send(ROOM, "bad");
    scene.client.send(ROOM, "good");
    await scene.clock.advance(600_000);
    assert.equal(failures.length, 1);
    assert.deepEqual(statuses(scene), [["good", "sent"], ["bad", "failed"]]);
    const attempts = scene.server.frames.filter((frame) => isSend(frame, "bad")).length;
    assert.ok(attempts > 1 && attempts <= 8, `${attempts} attempts`);
    scene.server.refuses = () => null;
    scene.client.retry(clientId);
    await settle();
    assert.deepEqual(contentsOf(scene), ["good", "bad"]);
  });
}

for (const [closeCode, code] of [[1009, "too_large"], [3009, "too_large"], [1007, "invalid"]]) {
  test(`a frame for which the server closes with ${closeCode} is not sent repeatedly`, async () => {
    const scene = await joined();
    scene.server.refuses = (frame) => {
      if (!isSend(frame, "bad")) return null;
      scene.server.hangUp(closeCode);
      return "silence";
    };
    scene.client.send(ROOM, "bad");
    scene.client.send(ROOM, "good");
    await scene.clock.advance(300_000);
    assert.deepEqual(statuses(scene), [["good", "sent"], ["bad", "failed"]]);
    assert.equal(scene.view.messages[1].error.code, code);
    assert.equal(scene.server.frames.filter((frame) => isSend(frame, "bad")).length, 2);
  });
}

test("a close code of 3000 and more that is not a substitute keeps its meaning", async () => {
  const scene = await joined();
  scene.server.refuses = (frame) => {
    if (!isSend(frame, "bad")) return null;
    scene.server.hangUp(3007);
    return "silence";
  };
  scene.client.send(ROOM, "bad");
  await scene.clock.advance(300_000);
  assert.notEqual(scene.view.messages[0].error?.code, "invalid"); // 1007 would be
  assert.ok(scene.server.frames.filter((frame) => isSend(frame, "bad")).length > 2);
});

test("attempts are counted across reloads", async () => {
  let scene = await joined();
  scene.server.refuses = (frame) => (isSend(frame, "bad") ? "silence" : null);
  scene.client.send(ROOM, "bad");
  for (let reload = 0; reload < 12; reload += 1) {
    await scene.clock.advance(20_000);
    scene.client.close();
    scene = { ...scene, ...newClient(scene) };
    scene.client.connect();
    scene.view = scene.client.join(ROOM);
    await scene.view.ready();
  }
  assert.deepEqual(statuses(scene), [["bad", "failed"]]);
});

test("invalid rows in the storage are dropped", async () => {
  const scene = await joined();
  scene.client.close();
  const good = { clientId: "c1", conversationId: ROOM, content: "kept", messageType: "text", status: "sending" };
  const rows = [null, 7, "text", {}, { clientId: "c2" }, { ...good, clientId: "c3", status: "odd" }, good];
  scene.storage.setItem(KEY, JSON.stringify(rows));
  newClient(scene).client.connect();
  await scene.clock.advance(60_000);
  assert.deepEqual(contentsOf(scene), ["kept"]);
  assert.equal(scene.storage.getItem(KEY), null);
});

for (const status of [403, 413]) {
  test(`a proxy's ${status} page to a message by REST ends in a failed message`, async () => {
    const scene = await joined({ restAfter: 1_000 });
    scene.server.isUp = false;
    scene.server.hangUp();
    const { fetch } = scene.server;
    let posts = 0;
    const page = () => new Response("<h1>no</h1>", { status });
    const client = newClient(scene, {
      restAfter: 1_000,
      fetch: (url, request) => (request.method === "POST" ? (posts += 1, Promise.resolve(page())) : fetch(url, request)),
    }).client;
    scene.client.close();
    client.connect();
    client.send(ROOM, "bad");
    const failures = [];
    client.on("message_failed", ({ error }) => failures.push(error.code));
    await scene.clock.advance(600_000);
    assert.equal(failures.length, 1);
    assert.ok(posts <= 5, `${posts} posts`);
  });
}

for (const code of ["invalid", "internal"]) {
  test(`a sync that is always answered by ${code} ends with a fetch, not in a loop`, async () => {
    const scene = await joined();
    scene.server.refuses = ({ event }) => (event === "sync" ? { code, message: code } : null);
    scene.server.loses = (_, data) => data.message?.content === "lost";
    scene.server.write("lost");
    scene.server.write("seen");
    await scene.clock.advance(60_000);
    assert.deepEqual(scene.view.messages.map(({ content }) => content), ["lost", "seen"]);
    const syncs = scene.server.sent("sync").length;
    assert.ok(syncs <= 6, `${syncs} syncs in a minute`);
  });
}

test("a receipt that is never answered is dropped", async () => {
  const scene = await joined();
  scene.server.write("read me");
  await settle();
  scene.server.refuses = ({ event }) => (event === "mark_read" ? { code: "internal", message: "" } : null);
  scene.client.markRead(ROOM, [scene.view.messages[0].id]);
  await scene.clock.advance(600_000);
  assert.equal(scene.server.sent("mark_read").length, 5);
});
