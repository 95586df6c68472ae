export type AttachmentKind = "image" | "file" | "voice" | "video";

/** A file of a message, as the server has it. Its addresses are null until they answer. */
export interface Attachment {
  readonly id: string;
  readonly kind: AttachmentKind;
  readonly name: string;
  readonly size: number;
  readonly contentType: string;
  readonly width: number | null;
  readonly height: number | null;
  readonly durationMs: number | null;
  /** Loudness over time, from 0 to 100. */
  readonly waveform: readonly number[] | null;
  /** A tiny blurred picture, to be shown until the real one is there. */
  readonly placeholder: string | null;
  readonly state: "processing" | "ready" | "rejected";
  /** Why it was rejected, in words for people. */
  readonly reason: string | null;
  readonly url: string | null;
  readonly thumbnailUrl: string | null;
}

/** A file of a message that the server does not have yet. Its `id` is our own. */
export interface PendingAttachment extends Omit<Attachment, "state" | "url" | "thumbnailUrl"> {
  readonly state: "uploading" | "uploaded";
  /** How far the upload is, from 0 to 1. */
  readonly progress: number;
  /** The file itself; null for a moment after a reload, and where it is lost. */
  readonly file: Blob | null;
  readonly url: null;
  readonly thumbnailUrl: null;
}

/** A file to send. A `File` alone will do; what is known of it may be added, to be shown until the server has looked. */
export interface FileToSend {
  file: Blob;
  /** `voice` for a recording. The server finds out about everything else. */
  kind?: AttachmentKind;
  name?: string;
  width?: number;
  height?: number;
  durationMs?: number;
  waveform?: readonly number[];
}

export interface MessageToSend {
  text?: string;
  /** At most 10. */
  attachments?: readonly (Blob | FileToSend)[];
  replyTo?: string;
}

export interface UploadOptions {
  kind?: "voice";
  name?: string;
  /** From 0 to 1. Goes back to 0 where the upload begins anew. */
  onProgress?: (fraction: number) => void;
  /** Cancels the upload, which then rejects with `aborted`. */
  signal?: AbortSignal;
}

/** Where the files of unsent messages outlive the page. Keys begin with the user's id and a slash. */
export interface FileStorage {
  get(key: string): Promise<Blob | null>;
  set(key: string, file: Blob): Promise<void>;
  delete(key: string): Promise<void>;
  keys(): Promise<readonly string[]>;
}
