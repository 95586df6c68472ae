// The computer's clock was a day ahead, and is corrected: nothing waits for that day.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Attention } from "../../../clients/javascript/src/attention.js";
import { FakeClock } from "./fakes.js";
import { ROOM, contents, joined, newClient, settle } from "./setting.js";

const DAY = 86_400_000;

/** Timers run on. */
function setBack(clock) {
  const { now } = clock;
  clock.now = () => now() - DAY;
}

function refuseOnce(server, name, error) {
  let isFirst = true;
  server.refuses = ({ event }) => {
    if (event !== name || !isFirst) return null;
    isFirst = false;
    return error;
  };
}

test("a message that the server refused for the moment is sent, and so are later ones", async () => {
  const scene = await joined();
  refuseOnce(scene.server, "send_message", { code: "unavailable", message: "", details: { retryAfter: 2 } });
  scene.client.send(ROOM, "first");
  await settle();
  setBack(scene.clock);
  await scene.clock.advance(1_900);
  assert.equal(scene.server.sent("send_message").length, 1);
  await scene.clock.advance(10_000);
  scene.client.send(ROOM, "second");
  await settle();
  assert.deepEqual(contents({ messages: scene.server.messages }), ["first", "second"]);
});

test("the wait that a server asks for outlasts a reconnect, and has one timer", async () => {
  const scene = await joined();
  refuseOnce(scene.server, "send_message", { code: "rate_limited", message: "", details: { retryAfter: 20 } });
  scene.client.send(ROOM, "first");
  await settle();
  const timers = scene.clock.pending.length;
  for (let number = 0; number < 10; number += 1) scene.client.send(ROOM, `more ${number}`);
  await settle();
  assert.equal(scene.clock.pending.length, timers);
  scene.server.hangUp();
  await scene.clock.advance(15_000);
  assert.equal(scene.client.state, "ready");
  assert.equal(scene.server.messages.length, 0);
  await scene.clock.advance(30_000);
  assert.equal(scene.server.messages.length, 11);
});

test("a half-open socket is found", async () => {
  const scene = await joined();
  const first = scene.server.socket;
  setBack(scene.clock);
  scene.server.refuses = () => "silence";
  await scene.clock.advance(60_000);
  assert.notEqual(scene.server.socket, first);
});

test("what a closed tab has left is taken over", async () => {
  const scene = await joined();
  scene.server.refuses = () => "silence"; // the tab ends without closing
  scene.client.send(ROOM, "left behind");
  await settle();
  scene.server.refuses = () => null;
  scene.server.hangUp();
  const now = scene.clock.now() - DAY;
  const clock = new FakeClock();
  clock.now = () => now;
  newClient({ ...scene, clock }).client.connect();
  await clock.advance(1_000);
  assert.deepEqual(contents({ messages: scene.server.messages }), ["left behind"]);
});

test("a user who has gone away does not count as looking", async () => {
  const clock = new FakeClock();
  const page = new EventTarget();
  page.document = Object.assign(new EventTarget(), { visibilityState: "visible", hasFocus: () => true });
  const attention = new Attention(clock, async () => undefined, page);
  attention.watch();
  assert.equal(attention.isLooking, true);
  setBack(clock);
  await clock.advance(61_000);
  assert.equal(attention.isLooking, false);
});
