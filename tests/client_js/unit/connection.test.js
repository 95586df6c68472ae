import assert from "node:assert/strict";
import { test } from "node:test";
import { backoff } from "../../../clients/javascript/src/clock.js";
import { randomId } from "../../../clients/javascript/src/identifiers.js";
import { watchPageLifecycle } from "../../../clients/javascript/src/page-lifecycle.js";
import { ROOM, contents, differences, joined, setting, settle } from "./setting.js";

const jwt = (claims) => `x.${btoa(JSON.stringify(claims))}.x`;

test("backoff: full jitter, doubling, never over 30 s, longer after a flood", () => {
  const delays = (chance, options) => [0, 1, 2, 5, 50].map((n) => backoff({ random: () => chance }, n, options));
  assert.deepEqual(delays(1), [1_000, 2_000, 4_000, 30_000, 30_000]);
  assert.deepEqual(delays(0), [0, 0, 0, 0, 0]);
  assert.deepEqual(delays(0.5, { flooded: true }), [10_500, 11_000, 12_000, 25_000, 25_000]);
});

test("the first frame authenticates", async () => {
  const { client, server } = setting();
  client.connect();
  await settle();
  assert.deepEqual(server.frames[0].event, "authenticate");
  assert.deepEqual(server.frames[0].data, { token: "good" });
  assert.equal(client.state, "ready");
});

test("a dead server is tried at growing intervals, through the whole list", async () => {
  const { client, server, clock } = setting({ url: ["ws://a.test/chat", "ws://b.test/chat"] }, (s) => (s.isUp = false));
  clock.chance = 1;
  client.connect();
  await clock.advance(1_000 + 2_000 + 4_000 + 8_000 + 16_000 + 30_000 + 10);
  assert.equal(server.sockets.length, 7);
  assert.deepEqual([...new Set(server.sockets.map(({ url }) => url))], ["ws://a.test/chat", "ws://b.test/chat"]);
});

for (const code of [1006, 1012, 4008, 4403]) {
  test(`after ${code} it reconnects, joins again and catches up`, async () => {
    const scene = await joined();
    scene.server.hangUp(code);
    scene.server.write("missed");
    await scene.clock.advance(2_000);
    assert.equal(scene.client.state, "ready");
    assert.deepEqual(contents(scene.view), ["missed"]);
    assert.equal(differences(scene), "");
    assert.equal(scene.server.sent("sync").filter(({ data }) => ROOM in data.conversations).length, 1);
  });
}

for (const code of [1008, 3008]) {
  test(`after ${code} it waits longer`, async () => {
    const scene = await joined();
    scene.server.hangUp(code);
    await scene.clock.advance(9_900);
    assert.equal(scene.client.state, "waiting");
    await scene.clock.advance(3_000);
    assert.equal(scene.client.state, "ready");
  });
}

test("a stopping server says once when to reconnect", async () => {
  const scene = await joined();
  scene.clock.chance = 0;
  scene.server.deliver("server_stopping", { retryAfter: 7.25 });
  await settle();
  scene.server.hangUp(1012);
  await scene.clock.advance(7_200);
  assert.equal(scene.client.state, "waiting");
  await scene.clock.advance(100);
  assert.equal(scene.client.state, "ready");
  scene.server.hangUp(1012);
  await scene.clock.advance(10);
  assert.equal(scene.client.state, "ready");
});

test("a heartbeat without an answer detects a half-open socket", async () => {
  const scene = await joined();
  scene.server.isMute = true;
  await scene.clock.advance(24_000);
  assert.equal(scene.client.state, "ready");
  await scene.clock.advance(10_000);
  assert.notEqual(scene.client.state, "ready");
  scene.server.isMute = false;
  scene.server.write("meanwhile");
  await scene.clock.advance(40_000);
  assert.equal(scene.client.state, "ready");
  assert.equal(differences(scene), "");
});

test("returning to the page checks the socket at once", async () => {
  const page = new EventTarget();
  page.document = Object.assign(new EventTarget(), { visibilityState: "visible" });
  const calls = [];
  const stop = watchPageLifecycle({ wake: () => calls.push("wake"), hidden: () => calls.push("hidden"), shown: () => 0 }, page);
  page.dispatchEvent(new Event("online"));
  page.document.dispatchEvent(new Event("visibilitychange"));
  page.document.visibilityState = "hidden";
  page.document.dispatchEvent(new Event("visibilitychange"));
  page.dispatchEvent(new Event("pagehide"));
  stop();
  page.dispatchEvent(new Event("online"));
  assert.deepEqual(calls, ["wake", "wake", "hidden"]);
});

test("the online event reconnects at once", async () => {
  const target = new EventTarget();
  globalThis.addEventListener = target.addEventListener.bind(target);
  globalThis.removeEventListener = target.removeEventListener.bind(target);
  const scene = await joined();
  scene.clock.chance = 1;
  scene.server.isUp = false;
  scene.server.hangUp();
  await scene.clock.advance(10_000);
  scene.server.isUp = true;
  assert.equal(scene.client.state, "waiting");
  target.dispatchEvent(new Event("online"));
  await settle();
  assert.equal(scene.client.state, "ready");
  scene.client.close();
  delete globalThis.addEventListener;
  delete globalThis.removeEventListener;
});

test("4401: the token is renewed, and then it connects", async () => {
  const asked = [];
  const getToken = ({ renew }) => (asked.push(renew), renew ? "fresh" : "good");
  const scene = await joined({ token: undefined, getToken });
  scene.server.goodTokens = new Set(["fresh"]);
  scene.server.hangUp(4401);
  await settle();
  assert.equal(scene.client.state, "ready");
  assert.equal(asked.at(-1), true);
});

test("4401 without a way to renew the token: signed out, without retries", async () => {
  for (const options of [{}, { token: undefined, getToken: ({ renew }) => (renew ? null : "good") }]) {
    const scene = await joined(options);
    let signedOut = 0;
    scene.client.on("signed_out", () => (signedOut += 1));
    scene.server.hangUp(4401);
    await scene.clock.advance(120_000);
    assert.equal(scene.client.state, "signed_out");
    assert.equal(signedOut, 1);
    assert.equal(scene.server.sockets.length, 1);
  }
});

test("a token that is refused repeatedly ends in signed_out, without a retry storm", async () => {
  const scene = setting({ token: undefined, getToken: () => "bad" });
  scene.client.connect();
  await scene.clock.advance(60_000);
  assert.equal(scene.client.state, "signed_out");
  assert.equal(scene.server.sockets.length, 3);
});

test("a getToken without network is tried again", async () => {
  let online = false;
  const getToken = () => (online ? "good" : Promise.reject(new TypeError("fetch failed")));
  const scene = setting({ token: undefined, getToken });
  scene.client.connect();
  await scene.clock.advance(5_000);
  assert.equal(scene.client.state, "waiting");
  online = true;
  await scene.clock.advance(60_000);
  assert.equal(scene.client.state, "ready");
});

test("session_expiring: the new token is sent over the open socket", async () => {
  const scene = await joined({ token: undefined, getToken: ({ renew }) => (renew ? "fresh" : "good") });
  scene.server.goodTokens.add("fresh");
  scene.server.deliver("session_expiring", { expiresAt: "2026-01-01T00:00:00Z" });
  await settle();
  assert.deepEqual(scene.server.sent("authenticate").map(({ data }) => data.token), ["fresh"]);
  assert.equal(scene.server.sockets.length, 1);
});

test("a refresh token is used once for all requests, before the access token expires, and the new pair is reported", async () => {
  const scene = setting({ token: undefined, refresh: "r1" });
  const fresh = jwt({ user_id: 7, exp: scene.clock.now() / 1000 + 900 });
  scene.server.goodTokens.add(fresh);
  const used = [];
  scene.server.refresh = ({ refresh }) => (used.push(refresh), [200, { access: fresh, refresh: "r2" }]);
  const pairs = [];
  scene.client.on("tokens", (tokens) => pairs.push(tokens));
  scene.client.connect();
  await Promise.all([scene.client.join(ROOM).ready(), scene.client.rest.get("/auth/me")]);
  await settle();
  assert.deepEqual(used, ["r1"]);
  assert.deepEqual(pairs, [{ access: fresh, refresh: "r2" }]);
  assert.equal(scene.client.state, "ready");
});

test("a ticket goes on the URL, a new one for each socket", async () => {
  let number = 0;
  const scene = setting({ token: undefined, ticket: async () => `t${++number}` });
  scene.client.connect();
  await settle();
  scene.server.hangUp();
  await scene.clock.advance(2_000);
  assert.deepEqual(scene.server.sockets.map(({ url }) => url.split("?")[1]), ["ticket=t1", "ticket=t2"]);
  assert.equal(scene.server.sent("authenticate").length, 0);
});

test("the same url serves REST, whatever its form", async () => {
  const { Addresses } = await import("../../../clients/javascript/src/addresses.js");
  const of = (url, rest) => [new Addresses(url, rest).socket, new Addresses(url, rest).rest];
  assert.deepEqual(of("wss://a.test/chat"), ["wss://a.test/chat", "https://a.test"]);
  assert.deepEqual(of("http://a.test:8000"), ["ws://a.test:8000/chat", "http://a.test:8000"]);
  assert.deepEqual(of("https://a.test/site/chat"), ["wss://a.test/site/chat", "https://a.test/site"]);
  assert.deepEqual(of("wss://a.test/chat", "https://b.test/api/"), ["wss://a.test/chat", "https://b.test/api"]);
});

test("client ids are UUIDs without crypto.randomUUID, too", () => {
  const shape = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
  const { getRandomValues } = globalThis.crypto;
  for (const source of [globalThis.crypto, { getRandomValues: getRandomValues.bind(globalThis.crypto) }, undefined]) {
    const made = new Set(Array.from({ length: 50 }, () => randomId(source)));
    assert.equal(made.size, 50);
    for (const id of made) assert.match(id, shape);
  }
});
