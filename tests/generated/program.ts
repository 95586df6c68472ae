// What a client of the generated types does: log in, list, send. Compiled with every strict check, and then run.
import createClient from "openapi-fetch";
import type { components, paths } from "./api.js";

type Message = components["schemas"]["MessageObject"];

declare const process: { readonly argv: readonly string[] };
declare const console: { log(text: string): void };

const [baseUrl, username, password] = process.argv.slice(2) as [string, string, string];
const client = createClient<paths>({ baseUrl });

function failed(error: components["schemas"]["ErrorAnswer"]): never {
  throw new Error(`${error.error.code}: ${error.error.message}`);
}

const login = await client.POST("/auth/token", { body: { username, password } });
if (login.error !== undefined) failed(login.error);
const headers = { Authorization: `Bearer ${login.data.access}` };

const list = await client.GET("/chat/conversations", { headers, params: { query: { limit: 5 } } });
if (list.error !== undefined) failed(list.error);
const conversation = list.data.results[0];
if (conversation === undefined) throw new Error("there is no conversation");

const sent = await client.POST("/chat/conversations/{id}/messages", {
  headers,
  params: { path: { id: conversation.id } },
  body: { content: "from a generated client" },
});
if (sent.error !== undefined) failed(sent.error);
const message: Message = sent.data;

const unknown = await client.GET("/chat/messages/{id}", {
  headers,
  params: { path: { id: "00000000-0000-0000-0000-000000000000" } },
});
const code: components["schemas"]["ErrorAnswer"]["error"]["code"] | undefined = unknown.error?.error.code;
console.log(JSON.stringify({ content: message.content, seq: message.seq, code }));
