// Changes that are shown before the server has them: applied, repeated, taken back, and undone when refused.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ChangeQueue } from "../../../clients/javascript/src/change-queue.js";
import { ChatError } from "../../../clients/javascript/src/errors.js";
import { FakeClock, settle } from "./fakes.js";

const MESSAGE = { id: "m1", rev: 1, content: "one" };

/** A queue, what it has told, and answers that the server gives in turn: a value, an error to throw, or a promise. */
function newQueue() {
  const clock = new FakeClock();
  const scene = { clock, changed: [], refused: [], sent: [], answers: [] };
  scene.queue = new ChangeQueue({
    clock,
    changed: (targetId) => scene.changed.push(targetId),
    refused: (change, error) => scene.refused.push([change.key, error.code]),
  });
  return scene;
}

function edit(scene, content, more = {}) {
  return {
    key: "content/m1",
    kind: "edit",
    targetId: "m1",
    apply: (held) => ({ ...held, content }),
    isIn: (held, answer) => held.rev >= answer.rev,
    carryOut: async () => {
      scene.sent.push(content);
      const answer = await scene.answers.shift();
      if (answer instanceof Error) throw answer;
      return answer;
    },
    ...more,
  };
}

function failure(code, details = {}) {
  return new ChatError(code, code, details);
}

const shown = ({ queue }, message = MESSAGE) => queue.applyTo([message])[0];

test("a change is shown as pending until the server has it, then until the object itself has it", async () => {
  const scene = newQueue();
  scene.answers.push({ rev: 2 });
  scene.queue.add(edit(scene, "two"));
  assert.deepEqual(shown(scene), { ...MESSAGE, content: "two", pendingChange: "edit" });
  assert.equal(scene.queue.size, 1);
  await settle();
  assert.deepEqual(shown(scene), { ...MESSAGE, content: "two" });
  assert.equal(scene.queue.size, 0);
  const newer = { ...MESSAGE, rev: 3, content: "three" };
  assert.deepEqual(shown(scene, newer), newer);
  assert.deepEqual(scene.changed, ["m1", "m1"]);
});

test("a change whose event is lost is shown for at most five seconds", async () => {
  const scene = newQueue();
  scene.answers.push({ rev: 2 });
  scene.queue.add(edit(scene, "two"));
  await scene.clock.advance(4_999);
  assert.equal(shown(scene).content, "two");
  await scene.clock.advance(1);
  assert.equal(shown(scene), MESSAGE);
});

test("other objects do not change", () => {
  const scene = newQueue();
  const other = { id: "m2", content: "other" };
  scene.queue.add(edit(scene, "two"));
  assert.equal(scene.queue.applyTo([other])[0], other);
});

test("a refused change is undone and reported", async () => {
  const scene = newQueue();
  scene.answers.push(failure("forbidden"));
  scene.queue.add(edit(scene, "two"));
  await settle();
  assert.equal(shown(scene), MESSAGE);
  assert.deepEqual(scene.refused, [["content/m1", "forbidden"]]);
  assert.deepEqual(scene.clock.pending, []);
});

test("a change waits for the network as long as necessary, and is sent as soon as it is back", async () => {
  const scene = newQueue();
  scene.answers.push(...Array.from({ length: 20 }, () => failure("unreachable")), { rev: 2 });
  scene.queue.add(edit(scene, "two"));
  const pauses = [];
  for (let attempt = 0; attempt < 19; attempt += 1) {
    await settle();
    pauses.push(scene.clock.pending[0]);
    await scene.clock.advance(scene.clock.pending[0]);
  }
  assert.deepEqual(pauses.slice(0, 5), [2_000, 4_000, 8_000, 16_000, 30_000]);
  assert.equal(Math.max(...pauses), 30_000);
  assert.equal(shown(scene).pendingChange, "edit");
  scene.queue.resume();
  await settle();
  assert.deepEqual([scene.sent.length, scene.queue.size, scene.refused], [21, 0, []]);
});

test("a change that keeps failing is dropped after eight attempts", async () => {
  const scene = newQueue();
  scene.answers.push(...Array.from({ length: 8 }, () => failure("internal")));
  scene.queue.add(edit(scene, "two"));
  await scene.clock.advance(600_000);
  assert.equal(scene.sent.length, 8);
  assert.deepEqual(scene.refused, [["content/m1", "internal"]]);
  assert.equal(shown(scene), MESSAGE);
});

test("a rate-limited change waits as long as the server says", async () => {
  const scene = newQueue();
  scene.answers.push(failure("rate_limited", { retryAfter: 12 }), { rev: 2 });
  scene.queue.add(edit(scene, "two"));
  await settle();
  assert.equal(scene.sent.length, 1);
  assert.ok(scene.clock.pending[0] >= 12_000, String(scene.clock.pending));
  await scene.clock.advance(30_000);
  assert.deepEqual([scene.sent.length, scene.queue.size], [2, 0]);
});

test("a later change of the same key replaces an earlier one, whose result is then ignored", async () => {
  const scene = newQueue();
  let refuse;
  scene.answers.push(new Promise((resolve) => (refuse = resolve)), { rev: 3 });
  scene.queue.add(edit(scene, "two"));
  scene.queue.add(edit(scene, "three"));
  assert.equal(shown(scene).content, "three");
  refuse(failure("conflict"));
  await settle();
  assert.deepEqual([shown(scene).content, scene.refused, scene.sent], ["three", [], ["two", "three"]]);
});

test("changes of different keys are shown together", () => {
  const scene = newQueue();
  scene.queue.add(edit(scene, "two"));
  scene.queue.add(edit(scene, "", { key: "star/m1", kind: "star", apply: (held) => ({ ...held, starred: true }) }));
  assert.deepEqual(shown(scene), { ...MESSAGE, content: "two", starred: true, pendingChange: "star" });
});

test("a held change can be undone in time, and is then never sent", async () => {
  const scene = newQueue();
  const key = scene.queue.add(edit(scene, "", { kind: "delete", within: 5_000 }));
  assert.equal(shown(scene).pendingChange, "delete");
  scene.queue.resume();
  await scene.clock.advance(4_000);
  assert.equal(scene.queue.cancel(key), true);
  await scene.clock.advance(10_000);
  assert.deepEqual([scene.sent, shown(scene)], [[], MESSAGE]);
  assert.equal(scene.queue.cancel(key), false);
});

test("a held change is sent when its time is over, or when the page closes, and is then final", async () => {
  for (const goes of [(scene) => scene.clock.advance(5_000), (scene) => scene.queue.flush()]) {
    const scene = newQueue();
    const key = scene.queue.add(edit(scene, "", { within: 5_000 }));
    await goes(scene);
    await settle();
    assert.equal(scene.queue.cancel(key), false);
    await scene.clock.advance(60_000);
    assert.equal(scene.sent.length, 1);
  }
});

test("a change that is being sent cannot be undone, and is not sent twice", async () => {
  const scene = newQueue();
  scene.answers.push(new Promise(() => undefined));
  const key = scene.queue.add(edit(scene, "two"));
  assert.equal(scene.queue.cancel(key), false);
  scene.queue.resume();
  scene.queue.flush();
  await settle();
  assert.equal(scene.sent.length, 1);
});

test("a cleared queue shows and repeats nothing", async () => {
  const scene = newQueue();
  scene.answers.push(failure("unreachable"));
  scene.queue.add(edit(scene, "two"));
  await settle();
  scene.queue.clear();
  await scene.clock.advance(600_000);
  assert.deepEqual([shown(scene), scene.sent.length, scene.refused], [MESSAGE, 1, []]);
});
