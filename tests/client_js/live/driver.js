/**
 * One client of the chat, driven by lines of JSON on standard input: `{"id", "call", "given": […]}`, answered by
 * `{"id", "result"}` or `{"id", "error"}`. What the client tells goes out as `{"event", "data"}`.
 */
import { createInterface } from "node:readline";
import { ChatClient } from "business-chat-client";
import WebSocket from "ws";
import { FileStorage } from "./storage.js";

const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);
const TOLD = ["new_message", "messages_read", "message_edited", "user_typing", "signed_out", "message_failed"];
let client;
let view;
let sending = null;

const calls = {
  start({ url, token, storage, ...timing }) {
    client = new ChatClient({ url, token, WebSocket, storage: new FileStorage(storage), ...timing });
    for (const event of TOLD) client.on(event, (data) => say({ event, data }));
    client.on("state", (data) => say({ event: "state", data }));
    client.on("trouble", (error) => process.stderr.write(`${error.stack}\n`));
    client.connect();
  },
  async join(conversationId) {
    view = client.join(conversationId);
    await view.ready();
    return view.rev;
  },
  send: (content) => view.send(content).clientId,
  /** One message after the other, without waiting for anything, until `stopSending`. */
  startSending(prefix, interval) {
    let number = 0;
    sending = setInterval(() => view.send(`${prefix} ${number++}`), interval);
    calls.stopSending = () => {
      clearInterval(sending);
      return number;
    };
  },
  markRead: (messageIds) => view.markRead(messageIds),
  startTyping: () => view.startTyping(),
  edit: (messageId, content) => client.editMessage(messageId, content),
  seen: () => ({ messages: view.messages, rev: view.rev, conversation: view.conversation }),
  state: () => ({ state: client.state, pending: client.snapshot.pending, unread: client.snapshot.unread }),
  status: () => view.status,
  async loadAll() {
    while (view.snapshot.hasOlder) await view.loadOlder();
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const { id, call, given } = JSON.parse(line);
  Promise.resolve()
    .then(() => calls[call](...given))
    .then(
      (result) => say({ id, result: result ?? null }),
      (error) => say({ id, error: error.stack }),
    );
}
process.exit(0);
