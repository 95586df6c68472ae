import assert from "node:assert/strict";
import { test } from "node:test";
import { ROOM, contents, differences, joined, setting, settle } from "./setting.js";

const newOnes = (told) => told.filter(([event]) => event === "new_message").map(([, data]) => data.message.content);
const eventOf = (message) => ({ conversationId: ROOM, rev: message.rev, message });

test("live events are reported and shown as they arrive", async () => {
  const scene = await joined();
  scene.server.write("one");
  scene.server.write("two");
  await settle();
  assert.deepEqual(contents(scene.view), ["one", "two"]);
  assert.deepEqual(newOnes(scene.told), ["one", "two"]);
  assert.equal(differences(scene), "");
});

test("a repeated event is reported once", async () => {
  const scene = await joined();
  const message = scene.server.write("one");
  scene.server.deliver("new_message", eventOf(message));
  await settle();
  assert.deepEqual(newOnes(scene.told), ["one"]);
});

test("events out of order are reordered without a request", async () => {
  const scene = await joined(undefined, (server) => (server.loses = () => true));
  const written = ["one", "two", "three"].map((content) => scene.server.write(content));
  for (const message of [written[2], written[0], written[1]]) scene.server.deliver("new_message", eventOf(message));
  await scene.clock.advance(1_000);
  assert.deepEqual(newOnes(scene.told), ["one", "two", "three"]);
  assert.equal(scene.server.sent("sync").length, 0);
});

test("one sync closes a gap, and each message is reported once and in order", async () => {
  const scene = await joined();
  scene.server.loses = (_, data) => ["two", "three"].includes(data.message?.content);
  for (const content of ["one", "two", "three", "four", "five"]) scene.server.write(content);
  await settle();
  assert.deepEqual(newOnes(scene.told), ["one"]);
  await scene.clock.advance(1_000);
  assert.deepEqual(newOnes(scene.told), ["one", "two", "three", "four", "five"]);
  assert.equal(scene.server.sent("sync").length, 1);
  assert.deepEqual(scene.server.sent("sync")[0].data.conversations, { [ROOM]: 1 });
  assert.equal(differences(scene), "");
});

test("the next heartbeat shows a lost last event", async () => {
  const scene = await joined();
  scene.server.loses = () => true;
  scene.server.write("lost");
  await scene.clock.advance(30_000);
  assert.deepEqual(contents(scene.view), ["lost"]);
  assert.equal(differences(scene), "");
});

test("a preview that is ahead causes a sync too", async () => {
  const scene = await joined();
  scene.server.loses = (event) => event === "new_message";
  scene.server.write("lost");
  scene.server.push("conversation_updated", { conversationId: ROOM, rev: 1, conversation: scene.server.conversation() });
  await scene.clock.advance(1_000);
  assert.deepEqual(contents(scene.view), ["lost"]);
});

test("a sync reports changes of old messages: edits and receipts", async () => {
  const scene = await joined();
  scene.server.write("one");
  scene.server.write("two");
  await settle();
  scene.server.loses = () => true;
  scene.server.edit("m1", "one!");
  scene.server.read(["m1", "m2"]);
  await scene.clock.advance(30_000);
  assert.equal(differences(scene), "");
  const [edited, read] = scene.told.slice(2);
  assert.equal(edited[0], "message_edited");
  assert.equal(edited[1].message.content, "one!");
  assert.equal(read[0], "messages_read");
  assert.deepEqual(read[1].messageIds.toSorted(), ["m1", "m2"]);
});

test("a failed sync is repeated", async () => {
  const scene = await joined();
  scene.server.loses = (_, data) => data.message?.content === "one";
  let refusals = 2;
  scene.server.refuses = ({ event }) =>
    event === "sync" && refusals-- > 0 ? { code: "unavailable", message: "", details: { retryAfter: 1 } } : null;
  scene.server.write("one");
  scene.server.write("two");
  await scene.clock.advance(5_000);
  assert.deepEqual(newOnes(scene.told), ["one", "two"]);
  assert.equal(differences(scene), "");
});

test("after a gap that is too long for a sync, everything is fetched again and reported", async () => {
  const scene = await joined();
  scene.server.write("first");
  await settle();
  scene.server.loses = () => true;
  for (let number = 0; number < 620; number += 1) scene.server.write(`missed ${number}`);
  let resets = 0;
  scene.view.on("reset", () => (resets += 1));
  await scene.clock.advance(30_000);
  assert.equal(resets, 1);
  assert.equal(newOnes(scene.told).length, 621);
  assert.deepEqual(newOnes(scene.told), scene.server.messages.map((message) => message.content));
  scene.server.loses = () => false;
  scene.server.write("last");
  await scene.clock.advance(1_000);
  while (scene.view.snapshot.hasOlder) await scene.view.loadOlder();
  assert.equal(differences(scene), "");
});

for (const [name, loses] of [
  ["told at once", () => false],
  ["found by a heartbeat", (event) => event === "conversation_updated"],
]) {
  test(`removed messages are gone, and their numbers are used again: ${name}`, async () => {
    const scene = await joined();
    for (const content of ["one", "two", "three"]) scene.server.write(content);
    await settle();
    scene.server.loses = loses;
    let resets = 0;
    scene.view.on("reset", () => (resets += 1));
    scene.server.rewind(1);
    await scene.clock.advance(30_000);
    assert.equal(resets, 1);
    assert.equal(differences(scene), "");
    assert.equal(scene.view.conversation.lastSeq, 1);
    scene.server.write("two, again");
    await scene.clock.advance(1_000);
    assert.deepEqual(contents(scene.view), ["one", "two, again"]);
    assert.deepEqual(newOnes(scene.told), ["one", "two", "three", "two, again"]);
    assert.equal(differences(scene), "");
  });
}

test("a message that is sent before the client notices a removal is reported once", async () => {
  const scene = await joined();
  for (const content of ["one", "two", "three"]) scene.server.write(content);
  await settle();
  scene.server.loses = () => true;
  scene.server.rewind(1);
  scene.server.write("two, again");
  await scene.clock.advance(30_000);
  assert.deepEqual(newOnes(scene.told), ["one", "two", "three", "two, again"]);
  assert.equal(differences(scene), "");
});

test("a removed conversation is gone by the next heartbeat", async () => {
  const scene = await joined();
  scene.server.write("one");
  await settle();
  assert.equal(scene.client.snapshot.conversations.length, 1);
  scene.server.isGone = true;
  await scene.clock.advance(30_000);
  assert.equal(scene.view.status, "gone");
  assert.deepEqual(scene.client.snapshot.conversations, []);
});

test("older pages join without a gap, and changes during their fetch are kept", async () => {
  const scene = await joined(undefined, (server) => {
    for (let number = 1; number <= 120; number += 1) server.write(`old ${number}`);
  });
  assert.equal(scene.view.messages.length, 50);
  scene.server.onTheWay = async () => {
    scene.server.onTheWay = async () => undefined;
    scene.server.edit("m60", "edited on the way");
    scene.server.read(["m61"]);
    await settle();
  };
  await scene.view.loadOlder();
  await settle();
  assert.equal(scene.view.find("m60").content, "edited on the way");
  assert.equal(scene.view.find("m61").status, "read");
  await scene.view.loadOlder();
  assert.equal(scene.view.snapshot.hasOlder, false);
  assert.equal(differences(scene), "");
});

test("changes during the fetch of the first page are applied to it", async () => {
  const scene = await joined(undefined, (server) => {
    server.write("one");
    let pages = 0;
    server.onTheWay = async () => {
      if (server.requests.at(-1).path.endsWith("/messages") && pages++ === 0) server.edit("m1", "edited on the way");
      await settle();
    };
  });
  assert.equal(differences(scene), "");
});

test("a change of a message that is not loaded is shown once it is loaded", async () => {
  const scene = await joined(undefined, (server) => {
    for (let number = 1; number <= 60; number += 1) server.write(`old ${number}`);
  });
  scene.server.edit("m1", "edited unseen");
  await settle();
  assert.equal(scene.view.messages.length, 50);
  await scene.view.loadOlder();
  assert.equal(differences(scene), "");
});

test("a status never moves backwards", async () => {
  const scene = await joined();
  scene.server.write("one");
  scene.server.read(["m1"]);
  await settle();
  const late = { ...scene.server.messages[0], status: "sent", rev: 3, editedAt: "2026-01-02T03:04:06Z", content: "x" };
  scene.server.deliver("message_edited", { conversationId: ROOM, rev: 3, message: late });
  await settle();
  assert.equal(scene.view.messages[0].content, "x");
  assert.equal(scene.view.messages[0].status, "read");
});

test("after random loss, repetition and reordering the state equals a fresh fetch", async () => {
  for (let seed = 1; seed <= 15; seed += 1) {
    let state = seed;
    const random = () => ((state = (state * 48271) % 2147483647) / 2147483647);
    const scene = await joined();
    scene.server.loses = () => random() < 0.3;
    for (let step = 0; step < 60; step += 1) {
      const { length } = scene.server.messages;
      const some = `m${1 + Math.floor(random() * length)}`;
      const dice = random();
      if (!length || dice < 0.5) scene.server.write(`step ${step}`);
      else if (dice < 0.7) scene.server.edit(some, `edit ${step}`);
      else if (dice < 0.9) scene.server.read([some]);
      else scene.server.deliver("new_message", eventOf(scene.server.messages[length - 1]));
      if (random() < 0.1) scene.server.hangUp();
      await scene.clock.advance(Math.floor(random() * 400));
    }
    scene.server.loses = () => false;
    await scene.clock.advance(60_000);
    assert.equal(differences(scene), "", `seed ${seed}`);
    const told = scene.told.filter(([event]) => event === "new_message").map(([, data]) => data.message.seq);
    assert.deepEqual(told, scene.server.messages.map((message) => message.seq), `seed ${seed}`);
    scene.client.close();
  }
});

test("the data of a page is not fetched again, and later changes are not missed", async () => {
  const scene = setting(undefined, (server) => ["one", "two"].forEach((content) => server.write(content)));
  const initial = { conversation: scene.server.conversation(), messages: scene.server.messages, hasOlder: false };
  scene.server.edit("m1", "one, edited");
  scene.server.write("three");
  const view = scene.client.join(ROOM, { initial });
  assert.deepEqual(contents(view), ["one", "two"]);
  assert.equal(view.status, "ready");
  scene.client.connect();
  await scene.clock.advance(1_000);
  assert.deepEqual(contents(view), ["one, edited", "two", "three"]);
  assert.equal(differences({ ...scene, view }), "");
  assert.deepEqual(scene.server.requests, []);
});
