// The peer: the system that this project rebuilds, in its leanest form. Socket.IO with the Redis adapter, and one
// PostgreSQL transaction for each message: membership, next seq, preview and unread count, insert; then ack and fan-out.
//
// Environment: PORT, DATABASE_URL, REDIS_URL, JWT_SECRET (HS256, claim user_id).
// `node server.js --init N` makes the tables and N conversations, the i-th between the users 2i-1 and 2i.
import { createServer } from "node:http";
import { createAdapter } from "@socket.io/redis-adapter";
import jwt from "jsonwebtoken";
import pg from "pg";
import { createClient } from "redis";
import { Server } from "socket.io";

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 10 });

const SCHEMA = `
  CREATE TABLE peer_conversations (
    id bigint PRIMARY KEY, a bigint NOT NULL, b bigint NOT NULL, last_seq bigint NOT NULL DEFAULT 0,
    last_message text, last_message_at timestamptz, unread_a int NOT NULL DEFAULT 0, unread_b int NOT NULL DEFAULT 0);
  CREATE TABLE peer_messages (
    id bigserial PRIMARY KEY, conversation_id bigint NOT NULL REFERENCES peer_conversations, seq bigint NOT NULL,
    sender_id bigint NOT NULL, content text NOT NULL, message_type text NOT NULL, status text NOT NULL DEFAULT 'sent',
    created_at timestamptz NOT NULL DEFAULT now(), UNIQUE (conversation_id, seq))`;

const TAKE_SEQ = `
  UPDATE peer_conversations SET last_seq = last_seq + 1, last_message = left($3, 200), last_message_at = now(),
    unread_a = unread_a + (a <> $2)::int, unread_b = unread_b + (b <> $2)::int
  WHERE id = $1 AND $2 IN (a, b) RETURNING last_seq`;

const INSERT = `
  INSERT INTO peer_messages (conversation_id, seq, sender_id, content, message_type) VALUES ($1, $2, $3, $4, $5)
  RETURNING id, seq, status, created_at`;

async function init(count) {
  await pool.query(SCHEMA);
  const conversations = "INSERT INTO peer_conversations (id, a, b) SELECT i, 2 * i - 1, 2 * i FROM generate_series(1, $1::bigint) i";
  await pool.query(conversations, [count]);
  await pool.end();
}

async function store(userId, { conversationId, content, messageType = "text", clientId }) {
  const connection = await pool.connect();
  try {
    await connection.query("BEGIN");
    const head = await connection.query(TAKE_SEQ, [conversationId, userId, content]);
    if (head.rowCount === 0) throw new Error("not_found");
    const values = [conversationId, head.rows[0].last_seq, userId, content, messageType];
    const stored = (await connection.query(INSERT, values)).rows[0];
    await connection.query("COMMIT");
    return {
      id: stored.id, conversationId, seq: Number(stored.seq), senderId: String(userId), clientId, content, messageType,
      status: stored.status, createdAt: stored.created_at,
    };
  } catch (error) {
    await connection.query("ROLLBACK");
    throw error;
  } finally {
    connection.release();
  }
}

function authenticate(socket, next) {
  try {
    const { token } = socket.handshake.auth;
    socket.data.userId = Number(jwt.verify(token, process.env.JWT_SECRET, { algorithms: ["HS256"] }).user_id);
    next();
  } catch {
    next(new Error("unauthenticated"));
  }
}

function serveSocket(chat, socket) {
  const { userId } = socket.data;
  const refuse = (error) => socket.emit("error", { message: error.message });

  socket.on("join_conversation", async ({ conversationId }) => {
    try {
      const found = await pool.query("SELECT 1 FROM peer_conversations WHERE id = $1 AND $2 IN (a, b)", [conversationId, userId]);
      if (found.rowCount === 0) throw new Error("not_found");
      socket.join(`conversation:${conversationId}`);
      socket.emit("joined_conversation", { conversationId });
    } catch (error) {
      refuse(error);
    }
  });

  socket.on("send_message", async (data, ack) => {
    try {
      const message = await store(userId, data);
      ack?.({ message });
      chat.to(`conversation:${data.conversationId}`).emit("new_message", { message, conversationId: data.conversationId });
    } catch (error) {
      refuse(error);
    }
  });
}

async function serve() {
  const publisher = createClient({ url: process.env.REDIS_URL });
  const subscriber = publisher.duplicate();
  await Promise.all([publisher.connect(), subscriber.connect()]);
  const http = createServer();
  const options = { adapter: createAdapter(publisher, subscriber), perMessageDeflate: false };
  const chat = new Server(http, options).of("/chat");
  chat.use(authenticate);
  chat.on("connection", (socket) => serveSocket(chat, socket));
  http.listen(Number(process.env.PORT), "127.0.0.1", () => console.log("ready"));
}

if (process.argv[2] === "--init") await init(Number(process.argv[3]));
else await serve();
