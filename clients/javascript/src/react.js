import {
  createContext,
  createElement,
  useCallback,
  useContext,
  useEffect,
  useMemo,
  useState,
  useSyncExternalStore,
} from "react";
import { ChatClient } from "./chat-client.js";
import { userIdOf } from "./identifiers.js";

const Context = createContext(null);
const NOTHING = Object.freeze({
  id: null,
  status: "loading",
  conversation: null,
  messages: Object.freeze([]),
  typing: Object.freeze([]),
  hasOlder: false,
  rev: 0,
});

/**
 * Provides a connected client to its children: the given `client`, or a new one for `url` and `token` or
 * `getToken`. Without any of these, before the login, it stays offline.
 */
export function SocketProvider({ client: given, url, token, getToken, children }) {
  const client = useOwnClient(given, url, token, getToken);
  const mayConnect = Boolean(given || token || getToken);
  useEffect(() => {
    if (!mayConnect) return undefined;
    client.connect();
    return () => client.close();
  }, [client, mayConnect]);
  return createElement(Context.Provider, { value: client }, children);
}

/** Send a new token of the same user on the open socket; create another client for another user. */
function useOwnClient(given, url, token, getToken) {
  const [latest] = useState(() => ({ token, getToken }));
  const user = userIdOf(token) ?? token ?? null;
  const address = Array.isArray(url) ? url.join(" ") : url;
  const hasGetToken = Boolean(getToken);
  const client = useMemo(() => {
    if (given) return given;
    const ask = (need) => latest.getToken?.(need);
    return new ChatClient({ url, token, getToken: hasGetToken ? ask : undefined });
    // `address` replaces `url`, which may be a new array each time. A new token of the same user needs no new client.
  }, [given, address, user, hasGetToken]);
  useEffect(() => {
    const changed = latest.token !== token;
    Object.assign(latest, { token, getToken });
    // An error here also occurs on the socket, which then signs out.
    if (changed && token && !given) client.replaceToken(token).catch(() => undefined);
  }, [client, given, token, getToken, latest]);
  return client;
}

/** The client, and whether it is connected. */
export function useSocket() {
  const client = useContext(Context);
  if (!client) throw new Error("useSocket and useChat need a <SocketProvider> above them.");
  const subscribe = useCallback((changed) => client.on("change", changed), [client]);
  const snapshot = useSyncExternalStore(subscribe, () => client.snapshot, () => client.snapshot);
  return { client, socket: client, ...snapshot };
}

/** One conversation, joined while the component is mounted. */
export function useChat(conversationId) {
  const { client, isConnected, presence, userId } = useSocket();
  const view = useView(client, conversationId);
  const actions = useActions(client, conversationId);
  const isUserTyping = useCallback((id) => view.typing.includes(id), [view.typing]);
  // A new function whenever presence changes, so that dependents are computed again.
  const isUserOnline = useCallback((id) => client.isUserOnline(id), [client, presence]);
  return { ...view, ...actions, isUserTyping, isUserOnline, isConnected, userId };
}

function useView(client, conversationId) {
  const subscribe = useCallback(
    (changed) => {
      if (!conversationId) return () => undefined;
      const view = client.join(conversationId);
      const stop = view.on("change", changed);
      return () => {
        stop();
        view.leave();
      };
    },
    [client, conversationId],
  );
  const current = () => client.conversation(conversationId)?.snapshot ?? NOTHING;
  return useSyncExternalStore(subscribe, current, () => NOTHING);
}

function useActions(client, conversationId) {
  return useMemo(
    () => ({
      sendMessage: (content, options) => client.send(conversationId, content, options),
      startTyping: () => client.startTyping(conversationId),
      stopTyping: () => client.stopTyping(conversationId),
      markAsRead: (messageIds) => client.markRead(conversationId, messageIds),
      loadOlder: () => client.conversation(conversationId)?.loadOlder() ?? Promise.resolve(false),
      editMessage: (messageId, content) => client.editMessage(messageId, content),
      deleteMessage: (messageId) => client.deleteMessage(messageId),
      retry: (clientId) => client.retry(clientId),
      discard: (clientId) => client.discard(clientId),
    }),
    [client, conversationId],
  );
}
