// Files: uploaded beside messages and with them, over failures of the network, reloads and refusals.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ROOM, contents, differences, joined, newClient, settle } from "./setting.js";

const photo = (name = "cat.png", size = 3) => new File([new Uint8Array(size)], name, { type: "image/png" });
const BIG = 1024 * 1024;
const uploads = ({ server }) => server.requests.filter(({ method, path }) => method === "POST" && path === "/chat/uploads");
const kept = ({ fileStorage }) => fileStorage.keys();

test("an upload resolves with the attachment, and reports its progress", async () => {
  const scene = await joined();
  const told = [];
  const upload = scene.client.upload(photo(), { kind: "voice", onProgress: (fraction) => told.push(fraction) });
  await settle();
  assert.deepEqual(await upload, { id: "a1", kind: "voice", name: "cat.png", size: 3, state: "processing", url: null });
  assert.equal(told.at(-1), 1);
  assert.equal(uploads(scene)[0].headers.Authorization, "Bearer good");
});

test("a message with files is shown at once, and sent when they are uploaded", async () => {
  const scene = await joined();
  scene.view.send({ text: "Look", attachments: [photo(), { file: photo("dog.png"), alt: "A dog" }] });
  const [pending] = scene.view.messages;
  assert.deepEqual([pending.content, pending.messageType, pending.status], ["Look", "image", "sending"]);
  assert.deepEqual(
    pending.attachments.map(({ name, alt, kind, state, file }) => [name, alt, kind, state, file.size]),
    [["cat.png", null, "image", "uploading", 3], ["dog.png", "A dog", "image", "uploading", 3]],
  );
  await settle();
  await settle();
  assert.deepEqual(uploads(scene).map(({ body }) => body.alt), [undefined, "A dog"]);
  assert.deepEqual(scene.server.sent("send_message")[0].data.attachmentIds.length, 2);
  assert.deepEqual(scene.server.messages[0].attachments.map(({ name }) => name), ["cat.png", "dog.png"]);
  assert.equal(differences(scene), "");
  assert.deepEqual(await kept(scene), []);
});

test("a text written after a file does not wait for it", async () => {
  const scene = await joined();
  scene.server.files.refuses = () => [503, { code: "unavailable", message: "later" }];
  scene.view.send({ attachments: [photo()] });
  scene.view.send("quick");
  await settle();
  assert.deepEqual(scene.server.messages.map(({ content }) => content), ["quick"]);
  scene.server.files.refuses = () => null;
  await scene.clock.advance(60_000);
  assert.equal(scene.server.messages.length, 2);
});

test("files keep their order, however long each takes", async () => {
  const scene = await joined();
  scene.server.files.refuses = ({ body }) => (body?.file?.name === "slow.png" ? [503, { code: "unavailable", message: "" }] : null);
  scene.view.send({ attachments: [photo("slow.png")] });
  scene.view.send({ attachments: [photo("quick.png")] });
  await scene.clock.advance(3_000);
  assert.equal(scene.server.messages.length, 0);
  scene.server.files.refuses = () => null;
  await scene.clock.advance(60_000);
  assert.deepEqual(scene.server.messages.map(({ attachments: [{ name }] }) => name), ["slow.png", "quick.png"]);
});

test("at most two uploads run at once, and a cancelled one makes room", async () => {
  const scene = await joined();
  const releases = [];
  scene.server.onTheWay = () => new Promise((resolve) => releases.push(resolve));
  const goOn = async () => {
    for (const release of releases.splice(0)) release();
    await settle();
  };
  const aborter = new AbortController();
  const all = [1, 2, 3, 4, 5].map((n) => scene.client.upload(photo(`${n}.png`), n === 3 ? { signal: aborter.signal } : {}));
  await settle();
  assert.equal(releases.length, 2);
  aborter.abort();
  await assert.rejects(all[2], { code: "aborted" });
  await goOn();
  assert.equal(releases.length, 2);
  await goOn();
  const names = uploads(scene).map(({ body }) => body.file.name);
  assert.deepEqual(names, ["1.png", "2.png", "4.png", "5.png"]);
  await Promise.all([all[0], all[1], all[3], all[4]]);
});

/** What a browser has: it tells the progress of what it sends, at the word of the test. */
function fakeXhr(server) {
  const made = [];
  class Xhr {
    upload = {};
    headers = {};
    constructor() {
      made.push(this);
    }
    open = (method, url) => Object.assign(this, { method, url });
    setRequestHeader = (name, value) => (this.headers[name] = value);
    send = (body) => (this.body = body);
    abort = () => this.onabort();
    async answer() {
      const answer = await server.fetch(this.url, this);
      Object.assign(this, { status: answer.status, responseText: await answer.text() }).onload();
    }
  }
  return { Xhr, sent: () => made.filter(({ url }) => url.endsWith("/chat/uploads")) };
}

test("a browser's upload shows how far it is; one that stands still begins anew", async () => {
  let xhr;
  const scene = await joined({ XMLHttpRequest: class { constructor() { return new xhr.Xhr(); } } }, (server) => (xhr = fakeXhr(server)));
  scene.view.send({ attachments: [photo("cat.png", 100)] });
  await settle();
  const [first] = xhr.sent();
  first.upload.onprogress({ loaded: 40 });
  assert.equal(scene.view.messages[0].attachments[0].progress, 0.4);
  await scene.clock.advance(59_000);
  first.upload.onprogress({ loaded: 50 });
  await scene.clock.advance(59_000);
  assert.equal(xhr.sent().length, 1);
  await scene.clock.advance(32_000);
  assert.equal(scene.view.messages[0].attachments[0].progress, 0);
  await xhr.sent()[1].answer();
  await settle();
  assert.equal(differences(scene), "");
});

test("a discarded message ends its upload", async () => {
  let xhr;
  const scene = await joined({ XMLHttpRequest: class { constructor() { return new xhr.Xhr(); } } }, (server) => (xhr = fakeXhr(server)));
  const { clientId } = scene.view.send({ attachments: [photo()] });
  await settle();
  let ended = false;
  const [first] = xhr.sent();
  const { onabort } = first;
  first.onabort = () => onabort((ended = true));
  scene.client.discard(clientId);
  await scene.clock.advance(60_000);
  assert.equal(ended, true);
  assert.equal(xhr.sent().length, 1);
});

test("without a network an upload waits, and continues when the socket is back", async () => {
  const scene = await joined();
  scene.server.restIsUp = false;
  scene.server.isUp = false;
  scene.server.hangUp();
  scene.view.send({ attachments: [photo()] });
  await scene.clock.advance(300_000);
  assert.equal(scene.view.messages[0].status, "sending");
  scene.server.restIsUp = scene.server.isUp = true;
  await scene.clock.advance(60_000);
  assert.deepEqual(scene.view.messages.map(({ status }) => status), ["sent"]);
  assert.equal(differences(scene), "");
});

test("a refused file fails its message with the reason, and a retry sends it again", async () => {
  const scene = await joined();
  scene.server.files.refuses = () => [413, { code: "too_large", message: "At most 25 MiB." }];
  scene.view.send({ attachments: [photo(), photo("b.png")] });
  await settle();
  assert.deepEqual(scene.view.messages[0].error, { code: "too_large", message: "At most 25 MiB." });
  scene.server.files.refuses = () => null;
  scene.view.messages[0].retry();
  await settle();
  await settle();
  assert.equal(scene.server.messages[0].attachments.length, 2);
});

test("an upload that keeps breaking while the socket is open fails, and does not loop", async () => {
  const scene = await joined();
  scene.server.restIsUp = false;
  scene.view.send({ attachments: [photo()] });
  await scene.clock.advance(600_000);
  assert.equal(scene.view.messages[0].error.code, "unreachable");
});

test("an upload survives a reload: the next page sends the stored file", async () => {
  const scene = await joined();
  scene.server.restIsUp = false;
  scene.view.send({ text: "Look", attachments: [photo("cat.png", 5)] });
  await settle();
  assert.equal((await kept(scene)).length, 1);
  scene.client.close();
  scene.server.restIsUp = true;
  const after = newClient(scene);
  after.client.connect();
  const view = after.client.join(ROOM);
  await view.ready();
  await scene.clock.advance(60_000);
  assert.deepEqual(contents(view), ["Look"]);
  assert.equal(scene.server.messages[0].attachments[0].size, 5);
  assert.deepEqual(await kept(scene), []);
});

test("a lost file fails its message, and files without a message are deleted", async () => {
  const scene = await joined();
  scene.server.restIsUp = false;
  scene.view.send({ attachments: [photo()] });
  await settle();
  scene.client.close();
  for (const key of await kept(scene)) await scene.fileStorage.delete(key);
  await scene.fileStorage.set("7/old", photo());
  await scene.fileStorage.set("8/other", photo());
  const after = newClient(scene);
  after.client.connect();
  const view = after.client.join(ROOM);
  await settle();
  assert.equal(view.messages[0].error.code, "file_lost");
  assert.deepEqual(await kept(scene), ["8/other"]);
});

test("a discarded message deletes its uploads", async () => {
  const scene = await joined();
  scene.server.files.refuses = ({ body }) => (body?.file?.name === "b.png" ? [415, { code: "unsupported_media_type" }] : null);
  const { clientId } = scene.view.send({ attachments: [photo(), photo("b.png")] });
  await settle();
  assert.equal(scene.view.messages[0].status, "failed");
  scene.client.discard(clientId);
  await settle();
  assert.deepEqual(scene.server.files.removed, ["a1"]);
  assert.deepEqual(await kept(scene), []);
  assert.deepEqual(scene.view.messages, []);
});

test("a retry repeats uploads that the server has deleted", async () => {
  const scene = await joined();
  scene.server.refuses = ({ event }) => (event === "send_message" ? { code: "not_found", message: "no such file" } : null);
  scene.view.send({ attachments: [photo()] });
  await settle();
  assert.equal(scene.view.messages[0].status, "failed");
  scene.server.refuses = () => null;
  scene.server.files.uploads.clear();
  scene.view.messages[0].retry();
  await settle();
  await settle();
  assert.equal(uploads(scene).length, 2);
  assert.equal(differences(scene), "");
});

test("if the storage accepts uploads, files go there directly, and the server is notified", async () => {
  const scene = await joined(undefined, (server) => (server.files.isDirect = true));
  scene.view.send({ attachments: [{ file: photo("cat.png", BIG), alt: "A cat" }] });
  await settle();
  await settle();
  const paths = scene.server.requests.filter(({ method }) => method === "POST").map(({ path }) => path);
  assert.deepEqual(paths, ["/chat/uploads/begin", "/bucket", "/chat/uploads/a1/complete"]);
  const [begin, bucket] = scene.server.requests.filter(({ method }) => method === "POST");
  assert.equal(begin.body.alt, "A cat");
  assert.deepEqual([bucket.headers.Authorization, bucket.body.key, bucket.body.file.size], [undefined, "a1", BIG]);
  assert.equal(differences(scene), "");
});

test("a server without such a storage is asked once, and gets the files itself", async () => {
  const scene = await joined();
  for (const name of ["a.png", "b.png"]) {
    scene.view.send({ attachments: [photo(name, BIG)] });
    await settle();
    await settle();
  }
  assert.equal(scene.server.requests.filter(({ path }) => path === "/chat/uploads/begin").length, 1);
  assert.equal(uploads(scene).length, 2);
});

test("a storage that cannot be reached twice is bypassed", async () => {
  const scene = await joined(undefined, (server) => (server.files.isDirect = true));
  scene.server.files.refuses = ({ path }) => (path === "/bucket" ? [403, {}] : null);
  scene.view.send({ attachments: [photo("cat.png", BIG)] });
  await scene.clock.advance(120_000);
  assert.equal(uploads(scene).length, 1);
  assert.equal(scene.server.messages.length, 1);
});

test("the end of processing updates only the attachment, and a missed one arrives with the sync", async () => {
  const scene = await joined();
  scene.view.send({ attachments: [photo(), photo("b.png")] });
  await settle();
  await settle();
  const heard = [];
  scene.client.on("attachment_updated", ({ attachment }) => heard.push(attachment.id));
  const process = (place) => {
    const { server } = scene;
    const [message] = server.messages;
    const attachments = message.attachments.map((held, n) => (n === place ? { ...held, state: "ready", url: "/x" } : held));
    server.messages = [{ ...message, rev: ++server.rev, attachments }];
    server.push("attachment_updated", { conversationId: ROOM, rev: server.rev, messageId: message.id, attachment: attachments[place] });
  };
  process(0);
  await settle();
  assert.equal(differences(scene), "");
  scene.server.loses = (event) => event === "attachment_updated";
  process(1);
  scene.server.write("news");
  await scene.clock.advance(5_000);
  assert.deepEqual(heard, ["a1", "a2"]);
  assert.equal(differences(scene), "");
});

test("too many files, and values that are not files, are refused at once", async () => {
  const { client } = await joined();
  assert.throws(() => client.send(ROOM, { attachments: Array(11).fill(photo()) }), { code: "invalid" });
  assert.throws(() => client.send(ROOM, { attachments: ["/etc/passwd"] }), { code: "invalid" });
});
