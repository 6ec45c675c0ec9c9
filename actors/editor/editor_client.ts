/**
 * A client of the collaborative editor.
 *
 * @module
 */
import {
  type DocumentLines,
  documentLines,
  type DocumentText,
  SeenDocument,
  SERVER_IS_FULL,
} from "../../protocols/editor.ts";
import { type Connection, dialer, type DialerDown, type Session } from "../net/mod.ts";
import {
  assertNever,
  type Backoff,
  type Behavior,
  type Context,
  type Ref,
  stop,
  withPrivateMessages,
} from "../runtime/mod.ts";
import type { SocketAddress, TlsClientOptions } from "../world/world.ts";

/** What happens to a client. */
export type EditorClientEvent =
  /** The server has been reached; `again` is true after a reconnection, once it is clear that it has room. */
  | { readonly type: "connected"; readonly again: boolean }
  /** A line of the document that was not shown yet. */
  | { readonly type: "updated"; readonly text: string }
  /**
   * What came after a reconnection is not the document that was seen before: it was edited elsewhere, and is
   * told again as `updated`, from its beginning if that is less than 2^20 characters away.
   */
  | { readonly type: "changed-elsewhere" }
  /** The server has no room; what it said. Told once, however often it is tried again. */
  | { readonly type: "refused"; readonly text: string }
  /** The connection was lost; it is dialled again. */
  | { readonly type: "lost" }
  /** It is over, and the client has stopped. `error` is why the server could not be reached. */
  | { readonly type: "over"; readonly by: "client" | "server" }
  | { readonly type: "over"; readonly by: "failure"; readonly error: unknown };

/** What a client can be told. */
export type EditorClientCommand =
  /**
   * Append a line to the document. What is told while there is no connection is sent when there is one.
   * `replyTo` is told when it is time for the next: who waits for it sends no faster than the server reads.
   */
  | { readonly type: "write"; readonly text: string; readonly replyTo?: Ref<void> }
  /** Send what was written, and leave. */
  | { readonly type: "leave" };

/** Options of {@linkcode editorClient}. */
export interface EditorClientOptions {
  /** The server: a name or an address, and a port. */
  readonly address: SocketAddress;
  /** With it the connection is TLS. */
  readonly tls?: TlsClientOptions;
  /** How to come back when the connection is lost. @default false: not at all */
  readonly reconnect?: Backoff | false;
  /**
   * The server ends its lines, as ours does. Where that is not known, old servers are understood too, which
   * end none; but a network that is silent for a second in the middle of the first line makes two messages of
   * it. @default false
   */
  readonly endsLines?: boolean;
  /** Told what happens, inside the client's actor. */
  readonly happened: (event: EditorClientEvent) => void;
  /**
   * Milliseconds that the server may take, when the client leaves, to read what was written. @default 5000
   */
  readonly drainMs?: number;
}

type Private =
  | { readonly type: "up"; readonly connection: Ref<SessionMessage> }
  | { readonly type: "down"; readonly down: DialerDown }
  | { readonly type: "accepted" }
  | { readonly type: "has-room" }
  | { readonly type: "refused"; readonly text: string; readonly unsent: readonly string[] }
  | { readonly type: "happened"; readonly event: EditorClientEvent };

type Message = EditorClientCommand | Private;

type SessionMessage =
  | { readonly type: "write"; readonly text: string }
  | { readonly type: "leave" }
  | { readonly type: "not-refused" }
  | { readonly type: "look" }
  | { readonly type: "give-up" }
  | { readonly type: "drained" };

/** With less than this on its way the server keeps up. */
const LOW_WATER_BYTES = 1 << 16;

/** A server that has no room says so within this time. */
const REFUSED_MS = 500;
/**
 * Silence of this length means that the document has come. A network may be silent for long in the middle of
 * it; one's own lines that came after a shorter silence would be shown as another's.
 */
const SETTLED_MS = 30_000;

/**
 * A client of the editor: tells what the document holds and gets, and appends to it.
 *
 * After a reconnection it tells only what it missed. A server that cannot be reached at first is the end of
 * it; one that was reached once is dialled again, with `reconnect`.
 *
 * @example
 * ```ts no-assert
 * import { editorClient } from "@troupe/actors/editor";
 *
 * const behavior = editorClient({
 *   address: { hostname: "127.0.0.1", port: 8080 },
 *   happened: (event) => event.type === "updated" && console.log(event.text),
 * });
 * ```
 */
export function editorClient(options: EditorClientOptions): Behavior<EditorClientCommand> {
  return withPrivateMessages<EditorClientCommand, Private>((self) => {
    const client = new EditorClient(self, options);
    return (message) => client.receive(message);
  });
}

class EditorClient {
  readonly #self: Context<Message>;
  readonly #options: EditorClientOptions;
  readonly #seen = new SeenDocument();
  #decoder: DocumentLines | undefined;
  #connection: Ref<SessionMessage> | undefined;
  #wasUp = false;
  /** The server takes this client, as far as is known. */
  #isAccepted = false;
  #isRefusalTold = false;
  #isLeaving = false;
  /** What was written while there was no connection. */
  #unsent: string[] = [];
  /** Who waits to be told when it is time for the next line. */
  #writers: Ref<void>[] = [];

  constructor(self: Context<Message>, options: EditorClientOptions) {
    this.#self = self;
    this.#options = options;
    const { address, tls, reconnect = false, drainMs } = options;
    self.spawn(
      "dialer",
      dialer<DocumentText, SessionMessage>({
        address,
        ...(tls === undefined ? {} : { tls }),
        ...(drainMs === undefined ? {} : { drainMs }),
        reconnect,
        // A server that ended its lines once does so on every connection.
        frames: () => {
          const endsLines = this.#decoder?.endsLines ?? options.endsLines ?? false;
          return this.#decoder = documentLines({ endsLines, comesAgain: reconnect !== false });
        },
        session: (connection) =>
          new ClientSession(connection, this.#seen, drainMs ?? 5000, (message) => self.self.tell(message)),
        up: ({ connection }) => self.self.tell({ type: "up", connection }),
        down: (down) => self.self.tell({ type: "down", down }),
      }),
      { onFailure: stop() },
    );
  }

  receive(message: Message): void {
    switch (message.type) {
      case "write":
        return this.#write(message);
      case "leave":
        return this.#leave();
      case "up":
        return this.#up(message.connection);
      case "down":
        return this.#down(message.down);
      case "accepted":
        return this.#accepted();
      case "has-room":
        return this.#hasRoom();
      case "refused":
        return this.#refused(message.text, message.unsent);
      case "happened":
        return this.#options.happened(message.event);
      default:
        assertNever(message);
    }
  }

  #write({ text, replyTo }: EditorClientCommand & { readonly type: "write" }): void {
    if (replyTo !== undefined) this.#writers.push(replyTo);
    if (this.#connection !== undefined) return this.#connection.tell({ type: "write", text });
    this.#unsent.push(text);
    this.#hasRoom();
  }

  #hasRoom(): void {
    for (const writer of this.#writers.splice(0)) writer.tell();
  }

  #up(connection: Ref<SessionMessage>): void {
    this.#connection = connection;
    if (!this.#wasUp) {
      this.#wasUp = this.#isAccepted = true;
      this.#options.happened({ type: "connected", again: false });
    }
    for (const text of this.#unsent.splice(0)) connection.tell({ type: "write", text });
    if (this.#isLeaving) connection.tell({ type: "leave" });
  }

  #accepted(): void {
    this.#isRefusalTold = false;
    if (this.#isAccepted) return;
    this.#isAccepted = true;
    this.#options.happened({ type: "connected", again: true });
  }

  #refused(text: string, unsent: readonly string[]): void {
    this.#unsent.push(...unsent);
    if (!this.#isRefusalTold) this.#options.happened({ type: "refused", text });
    this.#isRefusalTold = true;
  }

  #leave(): void {
    this.#isLeaving = true;
    if (this.#connection !== undefined) this.#connection.tell({ type: "leave" });
    else if (this.#wasUp) this.#reportEnd({ type: "over", by: "client" });
  }

  #down({ reason, wasUp, retryInMs }: DialerDown): void {
    this.#connection = undefined;
    this.#hasRoom();
    if (!this.#wasUp) {
      const error = reason.type === "failed" ? reason.error : reason;
      return this.#reportEnd({ type: "over", by: "failure", error });
    }
    if (this.#isLeaving) return this.#reportEnd({ type: "over", by: "client" });
    if (retryInMs === null) return this.#reportEnd({ type: "over", by: "server" });
    if (wasUp && this.#isAccepted) this.#options.happened({ type: "lost" });
    this.#isAccepted = false;
  }

  #reportEnd(event: EditorClientEvent): void {
    this.#options.happened(event);
    this.#self.stop();
  }
}

class ClientSession implements Session<DocumentText, SessionMessage> {
  readonly #connection: Connection<SessionMessage>;
  readonly #seen: SeenDocument;
  readonly #leaveMs: number;
  readonly #tell: (message: Message) => void;
  #lines = 0;
  #linesAtLastLook = 0;
  /** A first line that may be a refusal: it is one if nothing follows but the end. */
  #refusal: DocumentText | undefined;
  /** What was written while it was not clear whether the server takes it; undefined when it is clear. */
  #unclear: string[] | undefined = [];
  /** The server is behind, and it will be told when it is not. */
  #isDraining = false;

  constructor(
    connection: Connection<SessionMessage>,
    seen: SeenDocument,
    leaveMs: number,
    tell: (message: Message) => void,
  ) {
    this.#connection = connection;
    this.#seen = seen;
    this.#leaveMs = leaveMs;
    this.#tell = tell;
    connection.context.after(REFUSED_MS, { type: "not-refused" });
    this.#look();
  }

  frame(text: DocumentText): void {
    if (this.#lines++ === 0 && text.type !== "ended" && text.text === SERVER_IS_FULL) this.#refusal = text;
    else this.#received(text);
  }

  message(message: SessionMessage): void {
    switch (message.type) {
      case "write":
        return this.#write(message.text);
      case "drained":
        return this.#drained();
      case "leave":
        // Not closed at once: what the server has not read yet would be lost if it sends something meanwhile.
        this.#connection.endSending();
        this.#connection.context.after(this.#leaveMs, { type: "give-up" });
        return;
      case "give-up":
        return this.#connection.end();
      case "not-refused":
        return this.#accepted();
      case "look":
        return this.#settle();
      default:
        assertNever(message);
    }
  }

  closed(): void {
    if (this.#refusal === undefined) return this.#accepted();
    this.#tell({ type: "refused", text: SERVER_IS_FULL, unsent: this.#unclear ?? [] });
  }

  #write(text: string): void {
    this.#connection.sendText(`${text}\n`);
    if (this.#unclear === undefined) this.#seen.sent(text);
    else this.#unclear.push(text);
    if (this.#isDraining) return;
    if (this.#connection.queuedBytes < LOW_WATER_BYTES) return this.#tell({ type: "has-room" });
    this.#isDraining = true;
    const drained = (): SessionMessage => ({ type: "drained" });
    this.#connection.context.pipe(this.#connection.drained(), drained, drained);
  }

  #drained(): void {
    this.#isDraining = false;
    this.#tell({ type: "has-room" });
  }

  /** The server takes this client, and what it sends is a document that is compared with what was seen. */
  #accepted(): void {
    const unclear = this.#unclear;
    if (unclear === undefined) return;
    this.#unclear = undefined;
    this.#tell({ type: "accepted" });
    this.#seen.connected();
    const refusal = this.#refusal;
    this.#refusal = undefined;
    if (refusal !== undefined) this.#received(refusal);
    for (const text of unclear) this.#seen.sent(text);
  }

  #received(came: DocumentText): void {
    this.#accepted();
    const text = this.#seen.came(came);
    const again = this.#seen.takeChanged();
    if (again !== undefined) {
      this.#tell({ type: "happened", event: { type: "changed-elsewhere" } });
      for (const line of again) this.#happened(line);
    }
    if (text !== undefined) this.#happened(text);
  }

  #happened(text: string): void {
    this.#tell({ type: "happened", event: { type: "updated", text } });
  }

  /** When nothing came for a while, the document has come. */
  #settle(): void {
    if (this.#lines > this.#linesAtLastLook) {
      this.#linesAtLastLook = this.#lines;
      return this.#look();
    }
    this.#seen.settled();
  }

  #look(): void {
    this.#connection.context.after(SETTLED_MS, { type: "look" });
  }
}
