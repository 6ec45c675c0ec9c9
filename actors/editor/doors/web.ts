/**
 * The editor's door for clients that speak the y-protocols: our page, and any provider of `y-websocket`.
 *
 * @module
 */
import { decodeYMessage, encodeYMessage, type YMessage, YProtocolError } from "../../../protocols/y_sync.ts";
import type {
  Session,
  WebSocketConnection,
  WebSocketMessage,
  WebSocketSessionFactory,
} from "../../net/mod.ts";
import type { Ref } from "../../runtime/mod.ts";
import { errorText } from "../../world/world.ts";
import { TRY_LATER, VIOLATION } from "../collaboration.ts";
import type { CollaboratorEvent } from "../collaboration_events.ts";
import type { DocumentCommand } from "../document_events.ts";

/** What a session is sent: the document's events, and its own. */
export type WebSessionMessage =
  | CollaboratorEvent
  | { readonly type: "found"; readonly document: Ref<DocumentCommand> }
  | { readonly type: "lost" }
  | { readonly type: "not-found"; readonly reason: string };

/** How messages look to one client. */
export interface WebSessionWire {
  /** What is said to the client first. */
  readonly hello?: Uint8Array;
  /** A message of the y-protocols as the client reads it. */
  wrap(frame: Uint8Array): Uint8Array;
  /** So many more of the client's updates are durable, and so many in all. */
  saved(more: number, all: number): readonly Uint8Array[];
  /** The client may not edit, and has sent this. */
  denied(message: YMessage): Uint8Array | undefined;
}

/** Options of {@linkcode WebSession}. */
export interface WebSessionOptions {
  /** Finds the document that the client asks for. Rejects with an error whose message is for the client. */
  readonly find: () => Promise<Ref<DocumentCommand>>;
  readonly mayEdit: boolean;
  readonly wire: WebSessionWire;
}

/** No longer update is taken, from anybody: 1 MiB, and the head of its message. */
export const MAX_MESSAGE_BYTES = (1 << 20) + 16;
/** So much of a client may wait to be made durable; then it is not read from until it is. */
const MAX_UNSAVED_BYTES = 1 << 20;
const MAX_UNSAVED_UPDATES = 1000;
/** What is said first, and may still be on its way when the document is asked for. */
const GREETING_BYTES = 1024;
/** A message is no text (RFC 6455, section 7.4.1). */
export const UNSUPPORTED = 1003;
const READ_ONLY = encodeYMessage({ type: "denied", reason: "this document is read-only for you" });

/** Serves one client that speaks as `y-websocket` does; with `wantsAcks` it is told what is durable. */
export function webSession(
  { wantsAcks, ...options }: Omit<WebSessionOptions, "wire"> & { readonly wantsAcks: boolean },
): WebSocketSessionFactory<WebSessionMessage> {
  const wire: WebSessionWire = {
    // Providers take it for a fault, our page knows from the start that there is nothing to be typed.
    ...(wantsAcks && !options.mayEdit ? { hello: READ_ONLY } : {}),
    wrap: (frame) => frame,
    saved: (_, updates) => wantsAcks ? [encodeYMessage({ type: "saved", updates })] : [],
    // Who may only read says all the same what it has.
    denied: ({ type }) => type === "update" ? READ_ONLY : undefined,
  };
  return (connection) => new WebSession(connection, { ...options, wire });
}

/** One client of a document, whatever its messages look like. */
export class WebSession implements Session<WebSocketMessage, WebSessionMessage> {
  readonly #connection: WebSocketConnection<WebSessionMessage>;
  readonly #options: WebSessionOptions;
  #document: Ref<DocumentCommand> | undefined;
  /** How long the updates are that are not durable yet. */
  #unsaved: number[] = [];
  #unsavedBytes = 0;
  #saved = 0;
  /** It is owed what it lacks: another question meanwhile would cost as much again. */
  #isSyncing = false;
  #isPaused = true;

  constructor(connection: WebSocketConnection<WebSessionMessage>, options: WebSessionOptions) {
    this.#connection = connection;
    this.#options = options;
    connection.pause();
    connection.context.log.info(`New client connected: ${connection.remote}`, {
      event: "connected",
      door: "web",
    });
    connection.context.pipe<Ref<DocumentCommand>>(
      options.find(),
      (document) => ({ type: "found", document }),
      (error) => ({ type: "not-found", reason: errorText(error) }),
    );
  }

  frame(frame: WebSocketMessage): void {
    if (typeof frame === "string") return this.#connection.close(UNSUPPORTED, "a message is a text");
    let message: YMessage;
    try {
      message = decodeYMessage(frame);
    } catch (error) {
      if (!(error instanceof YProtocolError)) throw error;
      return this.#connection.close(VIOLATION, error.message);
    }
    this.take(message);
  }

  message(event: WebSessionMessage): void {
    switch (event.type) {
      case "send":
        return this.#send(event.frame);
      case "synced":
        this.#isSyncing = false;
        this.#send(event.frame);
        return this.#readOn();
      case "saved":
        return this.#onSaved(event.updates);
      case "refused":
        return this.#connection.close(event.code, event.reason);
      case "found":
        return this.#onFound(event.document);
      case "lost":
        return this.#connection.close(TRY_LATER, "the document cannot be opened now");
      case "not-found":
        return this.#connection.close(TRY_LATER, event.reason);
    }
  }

  closed(): void {
    const { context: { log }, remote } = this.#connection;
    log.info(`Client ${remote} disconnected`, { event: "disconnected", door: "web" });
  }

  #onFound(document: Ref<DocumentCommand>): void {
    this.#document = document;
    const { self, remote, context } = this.#connection;
    const { hello } = this.#options.wire;
    if (hello !== undefined) this.#connection.send(hello);
    // One that cannot be opened, or was let go a moment ago, would never answer.
    context.watch(document, () => ({ type: "lost" }));
    document.tell({ type: "collaborate", member: self, label: remote });
    this.#isPaused = false;
    this.#connection.resume();
  }

  /** The client says something. Passed over before its document was found; until then it is paused. */
  take(message: YMessage): void {
    const document = this.#document;
    if (document === undefined) return;
    const member = this.#connection.self;
    switch (message.type) {
      case "sync-step-1":
        this.#isSyncing = true;
        this.#pause();
        return document.tell({ type: "sync", member, stateVector: message.stateVector });
      case "sync-step-2":
      case "update":
        if (this.#options.mayEdit) return this.#onUpdate(document, message.update);
        return this.#denied(message);
      case "awareness":
        return document.tell({ type: "be-present", member, entries: message.entries });
      case "query-awareness":
        return document.tell({ type: "who-is-present", member });
      default:
        // Not for a server, or not known here.
        return;
    }
  }

  #denied(message: YMessage): void {
    const frame = this.#options.wire.denied(message);
    if (frame !== undefined) this.#connection.send(frame);
  }

  #onUpdate(document: Ref<DocumentCommand>, update: Uint8Array): void {
    document.tell({ type: "edit", member: this.#connection.self, update });
    this.#unsaved.push(update.length);
    this.#unsavedBytes += update.length;
    if (this.#isTooMuch(1)) this.#pause();
  }

  #onSaved(updates: number): void {
    for (const bytes of this.#unsaved.splice(0, updates)) this.#unsavedBytes -= bytes;
    this.#saved += updates;
    for (const frame of this.#options.wire.saved(updates, this.#saved)) this.#connection.send(frame);
    this.#readOn();
  }

  #send(frame: Uint8Array): void {
    // What a client is owed at once, a document, does not count as what it does not read.
    if (this.#connection.queuedBytes <= GREETING_BYTES) this.#connection.allowOutbound(frame.length);
    this.#connection.send(this.#options.wire.wrap(frame));
  }

  #pause(): void {
    if (this.#isPaused) return;
    this.#isPaused = true;
    this.#connection.pause();
  }

  #readOn(): void {
    if (!this.#isPaused || this.#isSyncing || this.#isTooMuch(2)) return;
    this.#isPaused = false;
    this.#connection.resume();
  }

  #isTooMuch(part: number): boolean {
    return this.#unsavedBytes > MAX_UNSAVED_BYTES / part || this.#unsaved.length > MAX_UNSAVED_UPDATES / part;
  }
}
