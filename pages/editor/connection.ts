/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/** The WebSocket to the server: sync, presence, and which of one's own edits are durable. */
import * as Y from "yjs";
import {
  applyAwarenessUpdate,
  type Awareness,
  encodeAwarenessUpdate,
  removeAwarenessStates,
} from "y-protocols/awareness";
import { decodeYMessage, encodeYMessage } from "../../protocols/y_sync.ts";
import type { AwarenessChanges } from "./awareness.ts";
import { splitUpdate } from "./split_update.ts";

/** How things stand, for people. */
export type ConnectionState =
  | {
    readonly type: "connecting" | "offline" | "saving" | "saved" | "read-only";
  }
  | { readonly type: "refused"; readonly reason: string };

/** One's own cursor is told this long after it has moved. */
const PRESENCE_MS = 30;
/** Somebody who waits is visible to others soon after the server is back; after half a minute, within 1 s. */
const WAIT_MS = 300;
const LONG_WAIT_MS = 1000;
const SHORT_WAITS = 100;
/** A connection that was lost. */
const ABNORMAL = 1006;
/** Closed with one of these, it would be refused again. */
const NOT_EDITABLE = 4413;
const VIOLATION = 1008;
/** Also where the document is full. */
const TOO_LARGE = 1009;
const REFUSALS: readonly number[] = [NOT_EDITABLE, VIOLATION, TOO_LARGE];
/** A server that has said nothing for so long is asked for something. */
const ASK_MS = 10_000;
/** Where nothing comes then, the connection is given up: each time later, as a slow line may be busy. */
const ANSWER_MS = 5000;
const MAX_ANSWER_MS = 160_000;
/** Answered at once, also where nobody else is there. */
const QUESTION = encodeYMessage({ type: "query-awareness" });
/** The server takes no longer update. */
const MAX_UPDATE_BYTES = 1 << 20;

export interface ConnectionOptions {
  readonly url: string;
  readonly doc: Y.Doc;
  readonly awareness: Awareness;
  readonly changed: (state: ConnectionState) => void;
  /** Edits up to this one are durable. */
  readonly durable: (edit: number) => void;
  /** Runs a task later, and gives what cancels it. @default `setTimeout` */
  readonly later?: (task: () => void, delayMs: number) => () => void;
}

export class Connection {
  readonly #options: ConnectionOptions;
  #socket: WebSocket | undefined;
  /** Attempts since it was connected last. */
  #attempts = 0;
  /** All that the server has is here. */
  #isSynced = false;
  /** All that is here was sent on this connection: what is edited from now on follows it. */
  #hasSentState = false;
  #isReadOnly = false;
  #refusal: string | undefined;
  /** One's own edits so far, and up to which the server has them durably. */
  #edits = 0;
  #durable = 0;
  /** For each update sent on this connection, the last edit in it. */
  #sent: number[] = [];
  #saved = 0;
  /** Cancels what is done when nothing is heard of the server. */
  #cancelSilence = () => {};
  /** Connections in a row that were given up because nothing was heard. */
  #silences = 0;
  #presenceTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    const { doc, awareness } = options;
    doc.on(
      "update",
      (update: Uint8Array, origin: unknown) => this.#onUpdate(update, origin),
    );
    awareness.on(
      "update",
      (changes: AwarenessChanges, origin: unknown) => this.#onAwareness(changes, origin),
    );
    addEventListener("online", () => this.#retryNow());
  }

  /** Connects, and again whenever the connection is lost. */
  start(): void {
    this.#retryNow();
  }

  /** The number that the next edit will have. */
  get nextEdit(): number {
    return this.#edits + 1;
  }

  get hasUnsaved(): boolean {
    return !this.#isReadOnly && this.#durable < this.#edits;
  }

  get isReadOnly(): boolean {
    return this.#isReadOnly;
  }

  #connect(): void {
    const socket = new WebSocket(this.#options.url);
    socket.binaryType = "arraybuffer";
    this.#socket = socket;
    socket.addEventListener("open", () => this.#onOpen());
    socket.addEventListener("message", ({ data }) => {
      // One that was given up may still have something to say.
      if (socket === this.#socket) this.#onMessage(new Uint8Array(data));
    });
    socket.addEventListener("close", (event) => this.#onClose(socket, event));
    this.#awaitSign();
    this.#tell();
  }

  /** From now on, something should be heard of the server. */
  #awaitSign(): void {
    this.#cancelSilence();
    const { later = laterByTimeout } = this.#options;
    this.#cancelSilence = later(() => {
      const isOpen = this.#isOpen;
      this.#send(QUESTION);
      const waitMs = isOpen ? Math.min(ANSWER_MS * 2 ** this.#silences, MAX_ANSWER_MS) : ANSWER_MS;
      this.#cancelSilence = later(() => {
        if (isOpen) this.#silences++;
        this.#giveUp();
      }, waitMs);
    }, ASK_MS);
  }

  /** Nothing was heard of the server: that the connection is closed would not be heard either. */
  #giveUp(): void {
    const socket = this.#socket;
    if (socket === undefined) return;
    socket.close();
    this.#onClose(socket, { code: ABNORMAL, reason: "" });
  }

  #retryNow(): void {
    if (this.#socket === undefined && this.#refusal === undefined) {
      this.#connect();
    }
  }

  #onOpen(): void {
    const { doc } = this.#options;
    this.#awaitSign();
    this.#sent = [];
    this.#saved = 0;
    this.#hasSentState = false;
    this.#send(
      encodeYMessage({
        type: "sync-step-1",
        stateVector: Y.encodeStateVector(doc),
      }),
    );
    this.#sendPresence();
  }

  #onMessage(frame: Uint8Array): void {
    this.#awaitSign();
    const { doc, awareness } = this.#options;
    const message = decodeYMessage(frame);
    switch (message.type) {
      case "sync-step-1":
        this.#hasSentState = true;
        this.#sendUpdate(
          "sync-step-2",
          Y.encodeStateAsUpdate(doc, message.stateVector),
        );
        break;
      case "sync-step-2":
        Y.applyUpdate(doc, message.update, this);
        this.#isSynced = true;
        this.#attempts = 0;
        break;
      case "update":
        Y.applyUpdate(doc, message.update, this);
        break;
      case "awareness":
        applyAwarenessUpdate(awareness, awarenessUpdateOf(frame), this);
        break;
      case "denied":
        this.#isReadOnly = true;
        break;
      case "saved":
        this.#onSaved(message.updates);
        break;
      default:
    }
    if (this.#isSynced && !this.hasUnsaved) this.#silences = 0;
    this.#tell();
  }

  #onSaved(updates: number): void {
    this.#saved = updates;
    const edit = this.#sent[updates - 1];
    if (edit === undefined || edit <= this.#durable) return;
    this.#durable = edit;
    this.#options.durable(edit);
  }

  #onUpdate(update: Uint8Array, origin: unknown): void {
    if (origin === this) return;
    this.#edits++;
    if (this.#isOpen && this.#hasSentState) this.#sendUpdate("update", update);
    this.#tell();
  }

  #sendUpdate(type: "update" | "sync-step-2", update: Uint8Array): void {
    if (this.#isReadOnly) return;
    const pieces = splitUpdate(update, MAX_UPDATE_BYTES);
    if (pieces === undefined) return this.#refuseOwn("what was edited here is too long to be sent");
    const before = this.#sent.at(-1) ?? 0;
    for (const [at, piece] of pieces.entries()) {
      // All of it is saved when its last piece is.
      this.#sent.push(at === pieces.length - 1 ? this.#edits : before);
      this.#send(encodeYMessage({ type: at === 0 ? type : "update", update: piece }));
    }
  }

  /** The server would refuse what is to be sent. */
  #refuseOwn(reason: string): void {
    const socket = this.#socket;
    if (socket === undefined) return;
    socket.close();
    // Not within the edit: the text cannot be changed in other ways before that is over.
    queueMicrotask(() => this.#onClose(socket, { code: TOO_LARGE, reason }));
  }

  #onAwareness(
    { added, updated, removed }: AwarenessChanges,
    origin: unknown,
  ): void {
    const { clientID } = this.#options.awareness;
    // What it is when the connection opens is told then.
    if (origin === this || !this.#isOpen || ![...added, ...updated, ...removed].includes(clientID)) return;
    // Behind the key that has moved the cursor, and once for many.
    this.#presenceTimer ??= setTimeout(() => {
      this.#presenceTimer = undefined;
      this.#sendPresence();
    }, PRESENCE_MS);
  }

  #sendPresence(): void {
    const { awareness } = this.#options;
    if (!this.#isOpen) return;
    const update = encodeAwarenessUpdate(awareness, [awareness.clientID]);
    this.#send(Uint8Array.from([1, ...lengthOf(update), ...update]));
  }

  #onClose(socket: WebSocket, { code, reason }: Pick<CloseEvent, "code" | "reason">): void {
    if (socket !== this.#socket) return;
    this.#cancelSilence();
    this.#socket = undefined;
    this.#isSynced = false;
    const { awareness } = this.#options;
    const others = [...awareness.getStates().keys()].filter((client) => client !== awareness.clientID);
    removeAwarenessStates(awareness, others, this);
    if (REFUSALS.includes(code)) {
      this.#refusal = this.hasUnsaved
        ? `Not saved: ${reason}. Export a copy, then load the page again`
        : reason;
    } else {
      const waitMs = this.#attempts++ < SHORT_WAITS ? WAIT_MS : LONG_WAIT_MS;
      setTimeout(() => this.#retryNow(), waitMs * (0.75 + Math.random() / 2));
    }
    this.#tell();
  }

  get #isOpen(): boolean {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  #send(frame: Uint8Array<ArrayBuffer>): void {
    if (this.#isOpen) this.#socket?.send(frame);
  }

  #wasSynced = false;
  #told = "";

  /** Tells what has changed, where anything has: with each key, it would cost as much as the key. */
  #tell(): void {
    const state = this.#state();
    const words = JSON.stringify(state);
    if (words === this.#told) return;
    this.#told = words;
    this.#options.changed(state);
  }

  #state(): ConnectionState {
    if (this.#refusal !== undefined) {
      return { type: "refused", reason: this.#refusal };
    }
    if (this.#isSynced) this.#wasSynced = true;
    else return { type: this.#wasSynced ? "offline" : "connecting" };
    if (this.#isReadOnly) return { type: "read-only" };
    return { type: this.hasUnsaved ? "saving" : "saved" };
  }
}

function laterByTimeout(task: () => void, delayMs: number): () => void {
  const timer = setTimeout(task, delayMs);
  return () => clearTimeout(timer);
}

/** The part of an awareness message that y-protocols reads: what follows its type and its length. */
function awarenessUpdateOf(frame: Uint8Array): Uint8Array {
  let at = 1;
  while ((frame[at] ?? 0) >= 128) at++;
  return frame.subarray(at + 1);
}

function lengthOf(bytes: Uint8Array): number[] {
  const length: number[] = [];
  let rest = bytes.length;
  for (; rest >= 128; rest >>= 7) length.push((rest & 127) | 128);
  return [...length, rest];
}
