// Socket.IO's own client, driven over JSON lines: commands on stdin, what happens on stdout.
//
//   {op: "open", socket, urls, token, stay}   connects to the first of `urls`; `stay`: to the next one, and the next,
//                                             whenever the connection ends
//   {op: "emit", socket, event, data, ref}    with a `ref` an ack is asked for
//   {op: "raw", socket, packet}               text as it is, as one Engine.IO message
//   {op: "abort", socket}                     cuts the connection without a goodbye
//   {op: "close", socket}
//
//   {socket, is: "up" | "down" | "refused" | "push" | "ack", ...}
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const { io } = createRequire(`${process.argv[2]}/`)("socket.io-client");
const sockets = new Map();

const tell = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);

function open({ socket: name, urls, token, stay }) {
  const [url, ...others] = urls;
  const options = { auth: { token }, transports: ["websocket"], reconnection: false, forceNew: true };
  const socket = io(`${url}/chat`, options);
  const again = () => {
    if (stay && sockets.get(name) === socket) {
      const pause = 100 + Math.random() * 200;
      setTimeout(() => sockets.get(name) === socket && open({ socket: name, urls: [...others, url], token, stay }), pause);
    }
  };
  sockets.set(name, socket);
  socket.on("connect", () => tell({ socket: name, is: "up", url }));
  socket.onAny((event, data) => tell({ socket: name, is: "push", event, data }));
  socket.on("connect_error", (error) => {
    tell({ socket: name, is: "refused", message: error.message, data: error.data });
    again();
  });
  socket.on("disconnect", (reason, details) => {
    tell({ socket: name, is: "down", reason, code: details?.context?.code });
    again();
  });
}

function emit({ socket: name, event, data, ref }) {
  const socket = sockets.get(name);
  // What is emitted between two connections would be sent at the start of the next, before anything sent again.
  if (!socket.connected) return;
  if (ref === undefined) socket.emit(event, data);
  else socket.emit(event, data, (answer) => tell({ socket: name, is: "ack", ref, data: answer }));
}

function close({ socket: name }) {
  const socket = sockets.get(name);
  sockets.delete(name);
  socket?.disconnect();
}

const operations = {
  open,
  emit,
  close,
  raw: ({ socket, packet }) => sockets.get(socket).io.engine.write(packet),
  abort: ({ socket }) => sockets.get(socket).io.engine.transport.ws.terminate(),
};

for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line);
  operations[command.op](command);
}
process.exit(0);
