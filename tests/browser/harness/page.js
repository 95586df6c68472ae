import { ChatClient } from "../../chat-client/chat-client.js";
import { ThreadTeam } from "../team/thread_team.js";
import { mountThread } from "../thread/thread.js";

const { token, conversationId, me, back, seed } = JSON.parse(decodeURIComponent(location.hash.slice(1)));
const data = Object.assign(document.createElement("script"), { type: "application/json", className: "thread-seed" });
data.textContent = JSON.stringify(seed);
document.getElementById("root").append(data);
const client = new ChatClient({ url: "/chat", getToken: () => token, userId: me.id }).connect();
const onBack = back ? () => document.documentElement.toggleAttribute("data-went-back", true) : undefined;
globalThis.chat = { client, thread: mountThread(document.getElementById("root"), { client, conversationId, me, onBack, team: (thread) => new ThreadTeam(thread) }) };
