// What socket.io-client, the library of browsers, makes of the server.
// node scenarios.js SCENARIO URL ARGUMENTS-AS-JSON; prints one JSON object.
const fs = require("fs");
const path = require("path");

// "socket.io-client", or the name of an older version of it in package.json.
const { io } = require(process.env.SOCKETIO_CLIENT || "socket.io-client");

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const happened = (socket, event, ms = 8000) => new Promise((resolve, reject) => {
  const timer = setTimeout(() => reject(new Error(`no ${event}`)), ms);
  socket.once(event, (...values) => { clearTimeout(timer); resolve(values); });
});

function open(url, options = {}) {
  return io(`${url}/chat`, { auth: { token: "user:ann" }, forceNew: true, reconnectionDelay: 100, ...options });
}

const scenarios = {
  async transports(url, options) {
    const socket = open(url, options);
    await happened(socket.io, "open");
    const first = socket.io.engine.transport.name;
    const answer = await socket.timeout(5000).emitWithAck("echo", { text: "grüß 👋" });
    for (let turn = 0; turn < 50 && socket.io.engine.upgrading; turn += 1) await sleep(20);
    await sleep(200);
    const again = await socket.timeout(5000).emitWithAck("echo", { text: "again" });
    return { first, last: socket.io.engine.transport.name, answer, again };
  },

  async refused(url, options) {
    const socket = open(url, options);
    const [error] = await happened(socket, "connect_error");
    await sleep(500);
    return { message: error.message, data: error.data, active: socket.active };
  },

  async errors(url, options) {
    const socket = open(url, options);
    const events = [];
    socket.on("error", (data) => events.push(data));
    const answer = await socket.timeout(5000).emitWithAck("join_conversation", { conversationId: "foreign" });
    await sleep(200);
    const withCallback = events.length;
    socket.emit("join_conversation", { conversationId: "foreign" });
    await happened(socket, "error");
    return { answer, withCallback, events };
  },

  // Emitted before the connection is there, as many as a page may send in one turn.
  async order(url, options) {
    const socket = open(url, options);
    const answers = [];
    for (let number = 0; number < 200; number += 1) {
      socket.emit("echo_pipelined", { text: String(number) }, (answer) => answers.push(answer));
    }
    for (let turn = 0; turn < 400 && answers.length < 200; turn += 1) await sleep(20);
    return { answers };
  },

  // More than one frame's worth of packets, which older clients put into the body of one request.
  async burst(url, { count, size, ...options }) {
    const socket = open(url, options);
    const answers = [];
    const disconnects = [];
    socket.on("disconnect", (reason) => disconnects.push(reason));
    await happened(socket, "connect");
    const all = new Promise((resolve) => {
      for (let number = 0; number < count; number += 1) {
        socket.emit("echo_pipelined", { text: "x".repeat(size) }, ({ number: answered }) => {
          answers.push(answered);
          if (answers.length === count) resolve();
        });
      }
    });
    await Promise.race([all, happened(socket, "disconnect", 30000)]);
    return { answers, disconnects };
  },

  async close(url, { code, ...options }) {
    const socket = open(url, options);
    const errors = [];
    socket.on("error", (data) => errors.push(data));
    await happened(socket, "connect");
    socket.emit("close_me", { code, reason: "because" });
    const [reason, details] = await happened(socket, "disconnect");
    const active = socket.active;
    const returned = await happened(socket, "connect", 3000).then(() => true, () => false);
    return { reason, code: details && details.context && details.context.code, active, returned, errors };
  },

  async relogin(url) {
    let token = "user:ann";
    const socket = open(url, { auth: (give) => give({ token }) });
    socket.on("disconnect", (reason) => {
      if (reason === "io server disconnect") { token = "user:bob"; socket.connect(); }
    });
    await happened(socket, "greeting");
    socket.emit("close_me", { code: 4401 });
    const [greeting] = await happened(socket, "greeting");
    return greeting;
  },

  async unknown_namespace(url) {
    const socket = io(`${url}/other`, { forceNew: true });
    const [error] = await happened(socket, "connect_error");
    return { refused: error instanceof Error };
  },

  // The script as it is pasted into a browser's console, with only the host and the id put in.
  async console(url, { conversationId }) {
    const lines = [];
    const code = fs.readFileSync(path.join(__dirname, "console_test.js"), "utf8")
      .replace("http://localhost:3000", url).replaceAll("your-conversation-id", conversationId);
    const localStorage = { getItem: (key) => (key === "token" ? "user:ann" : null) };
    const console = { log: (...values) => lines.push(values) };
    new Function("io", "localStorage", "console", code)(io, localStorage, console);
    for (let turn = 0; turn < 100 && lines.length < 2; turn += 1) await sleep(50);
    return { lines };
  },
};

const [name, url, given] = process.argv.slice(2);
scenarios[name](url, JSON.parse(given || "{}")).then(
  (result) => { process.stdout.write(JSON.stringify(result), () => process.exit(0)); },
  (error) => { process.stderr.write(String(error.stack)); process.exit(1); },
);
