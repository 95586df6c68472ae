// A page whose user has signed out leaves what waits to the next page of the user, and repeats none of it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { BY_COOKIE, ROOM, contents, newClient, settle, waiting } from "./setting.js";

const KEYS = ["business-chat:outbox:7", "business-chat:changes:7"];

const page = new EventTarget();
globalThis.addEventListener = page.addEventListener.bind(page);
globalThis.removeEventListener = page.removeEventListener.bind(page);

/** The user of the page signs out in another tab, and then the network is back. */
async function signedOut() {
  const scene = await waiting();
  scene.server.userId = "";
  scene.server.restIsUp = scene.server.isUp = true;
  await scene.clock.advance(60_000);
  assert.equal(scene.client.state, "signed_out");
  return scene;
}

async function nextPage(scene) {
  scene.server.userId = "7";
  const { client } = newClient(scene, BY_COOKIE);
  client.connect();
  await client.loadConversations();
  await scene.clock.advance(2_500);
  return client;
}

const stored = ({ storage }) => KEYS.flatMap((key) => JSON.parse(storage.getItem(key) ?? "[]"));
const onServer = ({ server }) => [contents(server), server.own.pinned];

test("the next page of the user sends what waits, at once", async () => {
  const scene = await signedOut();
  assert.equal(stored(scene).length, 2);
  await nextPage(scene);
  assert.deepEqual([onServer(scene), stored(scene)], [[["Hello", "Mine"], false], []]);
});

test("the signed-out page does not send it again when it is closed, or shown by Back", async () => {
  const scene = await signedOut();
  const client = await nextPage(scene);
  client.queueOwn(client.snapshot.conversations[0], { pinned: true });
  await settle();
  for (const event of ["pagehide", "pageshow", "pagehide"]) page.dispatchEvent(new Event(event));
  await scene.clock.advance(60_000);
  scene.client.close();
  await scene.clock.advance(60_000);
  assert.deepEqual([onServer(scene), stored(scene)], [[["Hello", "Mine"], true], []]);
});

test("what the signed-out page adds is left to the next page too, and brings nothing back", async () => {
  const scene = await signedOut();
  scene.client.send(ROOM, "Mine too");
  scene.client.queueArchive(scene.client.snapshot.conversations[0], true);
  await scene.clock.advance(60_000);
  assert.equal(stored(scene).length, 4);
  const client = await nextPage(scene);
  await scene.clock.advance(10_000);
  assert.deepEqual([onServer(scene), stored(scene)], [[["Hello", "Mine", "Mine too"], false], []]);
  client.queueOwn(client.snapshot.conversations[0], { pinned: true });
  scene.client.discard(scene.client.send(ROOM, "Not this").clientId);
  await scene.clock.advance(60_000);
  assert.deepEqual([onServer(scene), stored(scene)], [[["Hello", "Mine", "Mine too"], true], []]);
});

test("the signed-out page continues once it connects again", async () => {
  const scene = await signedOut();
  scene.server.userId = "7";
  scene.client.connect();
  await scene.clock.advance(60_000);
  assert.deepEqual([onServer(scene), stored(scene)], [[["Hello", "Mine"], false], []]);
});
