// Another user signs in in the same browser, in another tab: what waits is only sent as the user who made it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { BY_COOKIE, ROOM, contents, joined, newClient, settle, waiting } from "./setting.js";

function networkIsBack({ server }) {
  server.restIsUp = server.isUp = true;
}

/** Whether anything has changed on the server. */
const changes = ({ server }) => [contents(server), server.own.pinned];

test("without another user, all is sent with the cookie", async () => {
  const scene = await waiting();
  networkIsBack(scene);
  await scene.clock.advance(60_000);
  assert.deepEqual(changes(scene), [["Hello", "Mine"], false]);
});

test("nothing of the first user is sent as the second", async () => {
  const scene = await waiting();
  scene.server.userId = "8";
  networkIsBack(scene);
  await scene.clock.advance(300_000);
  assert.deepEqual(changes(scene), [["Hello"], true]);
  assert.deepEqual([scene.client.state, scene.client.userId], ["signed_out", "7"]);
  assert.ok(scene.client.pendingMessages(ROOM).length, "the message still waits");
});

test("REST alone, before the socket is back, sends nothing either", async () => {
  const scene = await waiting();
  scene.server.userId = "8";
  scene.server.restIsUp = true;
  await scene.clock.advance(300_000);
  assert.deepEqual(changes(scene), [["Hello"], true]);
});

test("the second user's page sends nothing of the first, and the first user's next page does", async () => {
  const scene = await waiting();
  scene.client.close();
  scene.server.userId = "8";
  networkIsBack(scene);
  const second = newClient(scene, { ...BY_COOKIE, userId: "8" }).client;
  second.connect();
  await scene.clock.advance(60_000);
  assert.deepEqual([second.state, ...changes(scene)], ["ready", ["Hello"], true]);
  second.close();
  scene.server.userId = "7";
  newClient(scene, BY_COOKIE).client.connect();
  await scene.clock.advance(60_000);
  assert.deepEqual(changes(scene), [["Hello", "Mine"], false]);
});

test("with tokens, the outbox of the first user is put away before the second one's socket is used", async () => {
  const scene = await joined({ userId: undefined, token: undefined, getToken: () => "good" });
  scene.server.isUp = scene.server.restIsUp = false;
  scene.server.hangUp();
  await settle();
  scene.client.send(ROOM, "Mine");
  scene.server.userId = "8";
  networkIsBack(scene);
  await scene.clock.advance(60_000);
  assert.deepEqual([scene.client.userId, contents(scene.server)], ["8", []]);
});
