import { ChatClient } from "business-chat-client";
import { MemoryFiles } from "../../../clients/javascript/src/file-storage.js";
import { FakeClock, FakeServer, FakeStorage, ROOM, settle } from "./fakes.js";

export { ROOM, settle };

/** A client with its server and clock; `told` is everything that it tells of the conversation, in order. */
export function setting(options = {}, before = () => undefined) {
  const clock = new FakeClock();
  const server = new FakeServer(clock);
  const [storage, fileStorage] = [new FakeStorage(), new MemoryFiles()];
  before(server);
  const there = { clock, server, storage, fileStorage };
  return { ...there, ...newClient(there, options) };
}

/** One more client of the same user: another tab, or the page after a reload. */
export function newClient({ clock, server, storage, fileStorage }, options = {}) {
  const { fetch, WebSocket } = server;
  const given = { url: "ws://chat.test/chat", token: "good", userId: "7" };
  const client = new ChatClient({ ...given, clock, storage, fileStorage, fetch, WebSocket, ...options });
  const told = [];
  const events = ["new_message", "message_edited", "message_deleted", "messages_read", "messages_delivered"];
  for (const event of events) client.on(event, (data) => told.push([event, data]));
  const troubles = [];
  client.on("trouble", (error) => troubles.push(error));
  return { client, told, troubles };
}

/** Connected, and in the conversation. */
export async function joined(options, before) {
  const scene = setting(options, before);
  scene.client.connect();
  await settle();
  const view = scene.client.join(ROOM);
  await view.ready();
  await scene.clock.advance(400);
  scene.server.frames.length = 0;
  return { ...scene, view };
}

/** The options of a client that is signed in by the session cookie. */
export const BY_COOKIE = { token: undefined };

/** A page of user 7 with the session cookie. It is offline, with a message and a change that wait. */
export async function waiting() {
  const scene = await joined(BY_COOKIE);
  scene.server.write("Hello");
  await scene.client.loadConversations();
  await settle();
  scene.server.restIsUp = scene.server.isUp = false;
  scene.server.hangUp();
  await settle();
  scene.client.send(ROOM, "Mine");
  scene.client.queueOwn(scene.client.snapshot.conversations[0], { pinned: false });
  await settle();
  scene.server.requests.length = scene.server.frames.length = 0;
  return scene;
}

export function contents(view) {
  return view.messages.map((message) => message.content);
}

/** State + events == fresh: what the view holds is what the server has. */
export function differences({ view, server }) {
  const held = JSON.stringify(view.messages, null, 1);
  const fresh = JSON.stringify(server.messages, null, 1);
  return held === fresh && view.rev === server.rev ? "" : `held (rev ${view.rev}) ${held}\nfresh (rev ${server.rev}) ${fresh}`;
}
