/** What only the members of a business receive. */

/** What the team has set for a conversation. `teamRev` counts the changes of the team's side, notes included. */
export interface TeamState {
  readonly conversationId: string;
  readonly teamRev: number;
  readonly status: "open" | "pending" | "snoozed" | "resolved";
  readonly snoozedUntil: string | null;
  readonly assigneeId: string | null;
  readonly assignedAt: string | null;
  /** Set while the conversation is unassigned and waits for a person. */
  readonly handedOverAt: string | null;
  readonly groupId: string | null;
  readonly priority: "low" | "medium" | "high" | "urgent" | null;
  readonly labelIds: readonly string[];
}

/** A private note. A deleted note has no content. */
export interface Note {
  readonly id: string;
  readonly conversationId: string;
  readonly teamRev: number;
  readonly authorId: string | null;
  readonly clientId: string | null;
  readonly content: string;
  readonly mentionIds: readonly string[];
  readonly createdAt: string;
  readonly editedAt: string | null;
  readonly deletedAt: string | null;
}

export interface NoteEvent {
  readonly conversationId: string;
  readonly teamRev: number;
  readonly note: Note;
}

export interface TeamEvents {
  /** `repeated`: sent again after an outage of the server. It does not follow the `teamRev` before it. */
  team_state_updated: TeamState & { repeated?: boolean };
  /** The latest `teamRev` of a joined conversation, with each heartbeat. A lower one has missed something. */
  team_rev: { conversationId: string; teamRev: number };
  note_added: NoteEvent;
  note_edited: NoteEvent;
  note_deleted: NoteEvent;
  /** The conversation that another member of a business views on one socket, or null when the view ends. */
  colleague_looking: {
    viewId: string;
    userId: string;
    name: string;
    businessId: string;
    conversationId: string | null;
    answering: boolean;
  };
}
