// A file that the server has already is sent without another upload.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ROOM, differences, joined, settle } from "./setting.js";

const photo = (name) => new File([new Uint8Array(3)], name, { type: "image/png" });
const uploads = ({ server }) => server.requests.filter(({ method, path }) => method === "POST" && path === "/chat/uploads");

test("an uploaded file is sent with new ones, in their order", async () => {
  const scene = await joined();
  const upload = scene.client.upload(photo("ready.png"));
  await settle();
  const uploaded = await upload;
  scene.view.send({ attachments: [photo("new.png"), { uploaded }] });
  const shown = scene.view.messages[0].attachments.map(({ name, state, file }) => [name, state, file !== null]);
  assert.deepEqual(shown, [["new.png", "uploading", true], ["ready.png", "uploaded", false]]);
  await settle();
  await settle();
  assert.deepEqual(scene.server.messages[0].attachments.map(({ name }) => name), ["new.png", "ready.png"]);
  assert.equal(uploads(scene).length, 2);
  assert.deepEqual(await scene.fileStorage.keys(), []);
  assert.equal(differences(scene), "");
});

test("an upload without an id is refused", async () => {
  const { client } = await joined();
  assert.throws(() => client.send(ROOM, { attachments: [{ uploaded: {} }] }), { code: "invalid" });
});
