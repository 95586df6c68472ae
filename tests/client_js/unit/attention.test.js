import assert from "node:assert/strict";
import test from "node:test";
import { Attention } from "../../../clients/javascript/src/attention.js";
import { FakeClock, settle } from "./fakes.js";
import { setting } from "./setting.js";

class FakePage extends EventTarget {
  document = Object.assign(new EventTarget(), { visibilityState: "visible", hasFocus: () => true });
  use = () => this.dispatchEvent(new Event("keydown"));

  show(state) {
    this.document.visibilityState = state;
    this.document.dispatchEvent(new Event("visibilitychange"));
  }
}

function watching() {
  const [clock, page, sent] = [new FakeClock(), new FakePage(), []];
  const start = clock.now();
  const send = async () => {
    sent.push((clock.now() - start) / 1_000);
    return { repeatAfterSeconds: 20 };
  };
  const attention = new Attention(clock, send, page);
  attention.watch();
  return { attention, clock, page, sent };
}

test("a window in use reports attention every 20 seconds, until a minute after the last key", async () => {
  const { attention, clock, page, sent } = watching();
  attention.connected();
  await clock.advance(30_000);
  page.use();
  await clock.advance(300_000);
  assert.deepEqual(sent, [0, 20, 40, 60, 80]);
  page.use();
  await settle();
  assert.equal(sent.at(-1), 330);
});

test("a hidden window reports no attention until it is shown again", async () => {
  const { attention, clock, page, sent } = watching();
  attention.connected();
  page.show("hidden");
  page.use();
  await clock.advance(100_000);
  assert.deepEqual(sent, [0]);
  page.show("visible");
  await settle();
  assert.deepEqual(sent, [0, 100]);
});

test("an untouched window reports no attention, and a new connection reports it again", async () => {
  const { attention, clock, page, sent } = watching();
  await clock.advance(61_000);
  attention.connected();
  await clock.advance(60_000);
  assert.deepEqual(sent, []);
  page.use();
  await settle();
  attention.disconnected();
  await clock.advance(5_000);
  page.use();
  attention.connected();
  await clock.advance(0);
  assert.deepEqual(sent, [121, 126]);
  attention.stop();
  page.use();
  await clock.advance(60_000);
  assert.deepEqual(sent, [121, 126]);
  assert.deepEqual(clock.pending, []);
});

test("an application without a page sets attention itself", async () => {
  const { client, clock, server, troubles } = setting();
  client.setAttention(true);
  assert.deepEqual(clock.pending, []);
  client.connect();
  await clock.advance(45_000);
  assert.deepEqual(server.sent("set_attention").map(({ data }) => data), [{ active: true }, { active: true }, { active: true }]);
  client.setAttention(false);
  await clock.advance(60_000);
  assert.equal(server.sent("set_attention").length, 3);
  client.close();
  client.setAttention(true);
  await clock.advance(60_000);
  assert.equal(server.sent("set_attention").length, 3);
  assert.deepEqual(troubles, []);
});
