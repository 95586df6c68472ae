export type AttachmentKind = "image" | "file" | "voice" | "video";

/** A file of a stored message. Its addresses are null until the file can be fetched. */
export interface Attachment {
  readonly id: string;
  readonly kind: AttachmentKind;
  readonly name: string;
  /** What a picture shows, in the sender's words. Missing where the server is older. */
  readonly alt?: string | null;
  readonly size: number;
  readonly contentType: string;
  readonly width: number | null;
  readonly height: number | null;
  readonly durationMs: number | null;
  /** Volume over time, from 0 to 100. */
  readonly waveform: readonly number[] | null;
  /** A tiny blurred picture, to show until the real one is loaded. */
  readonly placeholder: string | null;
  readonly state: "processing" | "ready" | "rejected";
  /** Why it was rejected, as a text for people. */
  readonly reason: string | null;
  readonly url: string | null;
  readonly thumbnailUrl: string | null;
}

/** A file of a message that the server does not have yet. The client has made its `id`. */
export interface PendingAttachment extends Omit<Attachment, "state" | "url" | "thumbnailUrl"> {
  readonly state: "uploading" | "uploaded";
  /** The progress of the upload, from 0 to 1. */
  readonly progress: number;
  /** The file itself; null for a moment after a reload, and if it is lost. */
  readonly file: Blob | null;
  readonly url: null;
  readonly thumbnailUrl: null;
}

/** A file to send. A `File` is enough. The other fields are shown until the server has processed the file. */
export interface FileToSend {
  file: Blob;
  /** `voice` for a recording. The server detects all other kinds. */
  kind?: AttachmentKind;
  name?: string;
  /** What a picture shows, for people who cannot see it. */
  alt?: string;
  width?: number;
  height?: number;
  durationMs?: number;
  waveform?: readonly number[];
}

/** An upload of the user that the server has already: from `client.upload`, or of a canned answer. */
export interface UploadedFile {
  uploaded: Attachment;
}

export interface MessageToSend {
  text?: string;
  /** At most 10. */
  attachments?: readonly (Blob | FileToSend | UploadedFile)[];
  replyTo?: string;
}

export interface UploadOptions {
  kind?: "voice";
  name?: string;
  /** What a picture shows, for people who cannot see it. */
  alt?: string;
  /** From 0 to 1. Goes back to 0 if the upload starts again. */
  onProgress?: (fraction: number) => void;
  /** Cancels the upload, which then rejects with `aborted`. */
  signal?: AbortSignal;
}

/** Storage for the files of unsent messages. Keys begin with the user's id and a slash. */
export interface FileStorage {
  get(key: string): Promise<Blob | null>;
  set(key: string, file: Blob): Promise<void>;
  delete(key: string): Promise<void>;
  keys(): Promise<readonly string[]>;
}
