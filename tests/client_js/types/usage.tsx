// Never run: the compiler holds it against the types. A `@ts-expect-error` fails where there is no error.
import { ChatClient, ChatError, type ChatMessage, type ConversationSnapshot } from "business-chat-client";
import { SocketProvider, useChat, useSocket } from "business-chat-client/react";

const client: ChatClient = new ChatClient({
  url: ["wss://a.example/chat", "wss://b.example/chat"],
  getToken: async ({ renew }) => (renew ? "fresh" : "held"),
  storage: localStorage,
}).connect();
new ChatClient({ url: "/chat", token: "a", refresh: "r" });
new ChatClient({ ticket: async () => "t", fetch, WebSocket });
// @ts-expect-error: a misspelt option
new ChatClient({ adress: "/chat" });

const stop: () => void = client.on("new_message", ({ message }) => {
  const seq: number = message.seq;
  // @ts-expect-error: a stored message is never on its way
  if (message.status === "sending") console.log(seq);
});
stop();
client.on("messages_read", ({ messageIds, readBy }) => console.log(messageIds.length, readBy?.length));
client.on("tokens", ({ refresh }) => localStorage.setItem("refresh", refresh));
client.on("team_state_updated", ({ status, labelIds }) => console.log(status === "snoozed", labelIds.length));
client.on("team_rev", ({ conversationId, teamRev }) => console.log(conversationId, teamRev + 1));
client.on("note_added", ({ note }) => console.log(note.content));
// @ts-expect-error: there is no such event
client.on("new_mesage", () => undefined);

client.setAttention(true);
client.setAttention(null);
// @ts-expect-error: a word is no answer
client.setAttention("idle");

const view = client.join("c");
view.on("change", ({ snapshot }) => show(snapshot));
const { clientId, acked } = view.send("hello", { replyTo: "m" });
client.send("c", "a.png", "image");
view.send({ text: "Look", attachments: [new File([], "a.png"), { file: new Blob(), kind: "voice", durationMs: 900 }, { file: new Blob(), alt: "A cat" }] });
client.upload(new Blob(), { kind: "voice", onProgress: (fraction) => fraction.toFixed() }).then(({ id }) => id);
// @ts-expect-error: an address is no file
view.send({ attachments: ["https://a.example/a.png"] });
client.on("attachment_updated", ({ attachment }) => attachment.state === "rejected" && console.log(attachment.reason));
// @ts-expect-error: only the system says these
client.send("c", "x", "system");
acked().then(
  (message) => console.log(message.seq, clientId),
  (error: unknown) => error instanceof ChatError && console.log(error.code),
);

function show({ messages, typing }: ConversationSnapshot): string {
  const status = (message: ChatMessage): string => {
    if (message.status === "failed") message.retry?.();
    for (const { state, progress } of message.seq === null ? message.attachments : []) console.log(state, progress);
    return message.seq === null ? (message.error?.code ?? "on its way") : `${message.seq}`;
  };
  return messages.map(status).join() + typing.join();
}

function Shop() {
  const { messages, sendMessage, startTyping, markAsRead, isUserTyping, isConnected } = useChat("c");
  const { unread } = useSocket();
  markAsRead(messages.map(({ id }) => id));
  startTyping();
  return (
    <button disabled={!isConnected} onClick={() => sendMessage(`${unread.total}`)}>
      {isUserTyping("7") ? "…" : "send"}
    </button>
  );
}

export const app = (
  <SocketProvider url="/chat" token={null}>
    <Shop />
  </SocketProvider>
);

async function arrange(client: ChatClient) {
  const conversation = await client.muteConversation("1", new Date());
  const until: string | null | undefined = conversation.own?.mutedUntil;
  await client.pinConversation("1");
  await client.markUnread("1", 7);
  const block = await client.blockUser("2");
  await client.unblockBusiness(block.businessId ?? "");
  const { results } = await client.searchMessages({ q: "order", has: "link" });
  return [until, results.map((found) => found.highlights), client.snapshot.unread.muted];
}

void arrange;
