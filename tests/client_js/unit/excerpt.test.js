import assert from "node:assert/strict";
import { test } from "node:test";
import { differences, joined, settle } from "./setting.js";

const seqs = (excerpt) => excerpt.messages.map((message) => message.seq);
const range = (first, last) => Array.from({ length: last - first + 1 }, (_, index) => first + index);

function long(count = 400) {
  return joined(undefined, (server) => {
    for (let number = 1; number <= count; number += 1) server.write(`old ${number}`);
  });
}

test("a distant part of the history opens without the messages between, and grows on both sides", async () => {
  const { view } = await long();
  const excerpt = await view.excerpt(200);
  assert.deepEqual(seqs(excerpt), range(175, 224));
  assert.equal(await excerpt.loadOlder(), true);
  assert.equal(await excerpt.loadNewer(), true);
  assert.deepEqual(seqs(excerpt), range(125, 274));
  assert.equal(view.messages.length, 50);
});

test("changes there are shown while it is open, also during the fetch of a page", async () => {
  const { view, server } = await long();
  const excerpt = await view.excerpt(200);
  let changes = 0;
  excerpt.on("change", () => (changes += 1));
  server.edit("m200", "edited");
  await settle();
  assert.equal(excerpt.find("m200").content, "edited");
  assert.equal(changes, 1);
  server.onTheWay = async () => {
    server.onTheWay = async () => undefined;
    server.edit("m230", "edited on the way");
    await settle();
  };
  await excerpt.loadNewer();
  assert.equal(excerpt.find("m230").content, "edited on the way");
  server.write("new");
  await settle();
  assert.equal(excerpt.messages.at(-1).seq, 274);
  excerpt.close();
  server.edit("m200", "edited unseen");
  await settle();
  assert.equal(excerpt.find("m200").content, "edited");
});

test("a sync brings it up to date", async () => {
  const { view, server, clock } = await long();
  const excerpt = await view.excerpt(200);
  server.loses = () => true;
  server.edit("m200", "edited unseen");
  server.loses = () => false;
  server.write("new");
  await clock.advance(1_000);
  assert.equal(excerpt.find("m200").content, "edited unseen");
});

test("it joins the view when it reaches it's own messages the two become one", async () => {
  const scene = await long(200);
  const excerpt = await scene.view.excerpt(20);
  let joinedTimes = 0;
  excerpt.on("joined", () => (joinedTimes += 1));
  assert.equal(excerpt.hasOlder, false);
  while (!joinedTimes) await excerpt.loadNewer();
  assert.equal(joinedTimes, 1);
  assert.equal(scene.view.snapshot.hasOlder, false);
  assert.equal(differences(scene), "");
});

test("an edit of a message that is not loaded is reported, for its quotes", async () => {
  const { told, server } = await long();
  server.edit("m3", "edited far away");
  await settle();
  assert.deepEqual(
    told.map(([event, { message }]) => [event, message.content]),
    [["message_edited", "edited far away"]],
  );
});
