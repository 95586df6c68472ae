import type { ReactElement, ReactNode } from "react";
import type {
  ChatClient,
  ChatClientOptions,
  ClientSnapshot,
  ConversationSnapshot,
  MessageToSend,
  SendOptions,
  Sending,
  StoredMessage,
} from "./chat-client.js";

export interface SocketProviderProps {
  /** An existing client; then no other option is needed. */
  client?: ChatClient;
  url?: ChatClientOptions["url"];
  /** The access token while a user is logged in. A newer one of the same user is sent on the open socket. */
  token?: string | null;
  getToken?: ChatClientOptions["getToken"];
  children?: ReactNode;
}

export function SocketProvider(props: SocketProviderProps): ReactElement;

export interface Socket extends ClientSnapshot {
  readonly client: ChatClient;
  readonly socket: ChatClient;
}

export function useSocket(): Socket;

export interface Chat extends ConversationSnapshot {
  readonly isConnected: boolean;
  readonly userId: string | null;
  sendMessage(content: string, options?: SendOptions | SendOptions["messageType"]): Sending;
  sendMessage(message: MessageToSend): Sending;
  startTyping(): void;
  stopTyping(): void;
  markAsRead(messageIds: readonly string[]): void;
  isUserTyping(userId: string): boolean;
  isUserOnline(userId: string): boolean;
  loadOlder(): Promise<boolean>;
  editMessage(messageId: string, content: string): Promise<StoredMessage>;
  deleteMessage(messageId: string): Promise<void>;
  retry(clientId: string): boolean;
  discard(clientId: string): boolean;
}

export function useChat(conversationId: string): Chat;
