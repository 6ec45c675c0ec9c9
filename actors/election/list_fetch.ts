/**
 * Asking one node for the names in its directory.
 *
 * @module
 */
import { joinBytes } from "../../protocols/_join_bytes.ts";
import { decodeFileList, type FileList, MAX_LIST_BYTES } from "../../protocols/file_list.ts";
import { rawFrames } from "../../protocols/frames.ts";
import { SEND_REQUEST } from "../../protocols/peer_link.ts";
import { type CloseReason, type Connection, dialer, type Session } from "../net/mod.ts";
import {
  assertNever,
  type Behavior,
  type Context,
  type Ref,
  stop,
  withPrivateMessages,
} from "../runtime/mod.ts";
import { type SocketAddress, WorldError } from "../world/world.ts";

/** How asking went. */
export type FetchOutcome =
  /**
   * `bytes` are the list as it was sent; `isProved` when the node has shown that it reads what it is sent;
   * `closes` when it closed the connection then, of its own accord, as new nodes do.
   */
  | {
    readonly type: "fetched";
    readonly list: FileList;
    readonly bytes: Uint8Array;
    readonly isProved: boolean;
    readonly closes: boolean;
  }
  | { readonly type: "not-fetched"; readonly reason: string; readonly refused: boolean };

/** Whether an attempt to dial failed because nobody listens there. */
export function isRefusal(reason: CloseReason): boolean {
  return reason.type === "failed" && reason.error instanceof WorldError &&
    reason.error.kind === "connection-refused";
}

/** Options of {@linkcode listFetch}. */
export interface ListFetchOptions {
  /** The node. */
  readonly address: SocketAddress;
  /** Milliseconds for each: to connect, and then between two pieces of the answer. */
  readonly timeoutMs: number;
  /**
   * Whether the node may be an old one, which does not close after its list, and answers nothing when it is
   * empty: then the list also ends when nothing has followed for 300 ms.
   */
  readonly mayBeOld: boolean;
  /** Told the outcome, once, in the actor's own turn: only `tell` in it. */
  readonly done: (outcome: FetchOutcome) => void;
}

/** However steadily it comes: a list may take so long, all in all. */
const WHOLE_LIST_MS = 10_000;
/** The list of an old node ends when nothing has followed for so long. */
const QUIET_MS = 300;

type Message =
  | { readonly type: "chunk"; readonly asking: number; readonly bytes: Uint8Array }
  | { readonly type: "ended"; readonly asking: number }
  | { readonly type: "over"; readonly asking: number; readonly reason: CloseReason }
  | { readonly type: "connected" }
  | { readonly type: "quiet"; readonly events: number }
  | { readonly type: "takes-too-long" };

/**
 * Connects, sends `SEND`, reads the answer, and stops.
 *
 * An old node that says nothing to the first `SEND` is sent a second one on another connection: when it
 * accepts that, it closes the first one, and so shows that its list is empty, and that it is not frozen.
 */
export function listFetch(options: ListFetchOptions): Behavior<never> {
  return withPrivateMessages<never, Message>((self) => {
    const fetch = new ListFetch(self, options);
    fetch.ask();
    self.after(WHOLE_LIST_MS, { type: "takes-too-long" });
    return (message) => fetch.receive(message);
  });
}

class ListFetch {
  readonly #self: Context<Message>;
  readonly #options: ListFetchOptions;
  /** What came on each connection. */
  readonly #chunks: Uint8Array[][] = [];
  #bytes = 0;
  /** Counts what happens, so that silence shows. */
  #events = 0;
  #isDone = false;

  constructor(self: Context<Message>, options: ListFetchOptions) {
    this.#self = self;
    this.#options = options;
  }

  /** Sends `SEND` on a new connection. */
  ask(): void {
    const { address, timeoutMs } = this.#options;
    const asking = this.#chunks.push([]) - 1;
    const { self } = this.#self;
    this.#self.spawn(
      `ask-${asking}`,
      dialer<Uint8Array>({
        address,
        frames: rawFrames,
        session: (connection) => new FetchSession(connection, asking, self),
        limits: { idleTimeoutMs: timeoutMs },
        reconnect: false,
        connectTimeoutMs: timeoutMs,
        up: () => self.tell({ type: "connected" }),
        down: ({ reason }) => self.tell({ type: "over", asking, reason }),
      }),
      { onFailure: stop() },
    );
  }

  receive(message: Message): void {
    if (this.#isDone) return;
    switch (message.type) {
      case "chunk":
        this.#events++;
        this.#bytes += message.bytes.length;
        this.#chunks[message.asking]?.push(message.bytes);
        if (this.#bytes > MAX_LIST_BYTES) this.#fail(`its list is over ${MAX_LIST_BYTES} bytes`);
        else this.#awaitQuiet();
        return;
      case "connected":
        this.#awaitQuiet();
        return;
      case "ended":
        // An old node may close the first connection when it accepts the second one.
        this.#finish(message.asking, { isProved: true, closes: this.#chunks.length === 1 });
        return;
      case "over":
        this.#fail(describe(message.reason), isRefusal(message.reason));
        return;
      case "quiet":
        if (message.events === this.#events) this.#beQuiet();
        return;
      case "takes-too-long":
        this.#fail("its list takes too long");
        return;
      default:
        assertNever(message);
    }
  }

  #awaitQuiet(): void {
    if (this.#options.mayBeOld) this.#self.after(QUIET_MS, { type: "quiet", events: this.#events });
  }

  /** Nothing has followed: the list is whole, or nothing has come at all. */
  #beQuiet(): void {
    const answered = this.#chunks.findIndex((chunks) => chunks.length > 0);
    if (answered >= 0) this.#finish(answered, { isProved: true, closes: false });
    else if (this.#chunks.length === 1) this.ask();
    else this.#finish(0, { isProved: false, closes: false });
  }

  #finish(asking: number, shown: { readonly isProved: boolean; readonly closes: boolean }): void {
    const bytes = joinBytes(this.#chunks[asking] ?? []);
    try {
      const list = decodeFileList(bytes);
      this.#done({ type: "fetched", list, bytes, ...shown });
    } catch (error) {
      this.#fail(error instanceof RangeError ? error.message : "its list is not UTF-8");
    }
  }

  #fail(reason: string, refused = false): void {
    this.#done({ type: "not-fetched", reason, refused });
  }

  #done(outcome: FetchOutcome): void {
    this.#isDone = true;
    this.#options.done(outcome);
    this.#self.stop();
  }
}

class FetchSession implements Session<Uint8Array> {
  readonly #asking: number;
  readonly #fetch: Ref<Message>;
  #bytes = 0;

  constructor(connection: Connection, asking: number, fetch: Ref<Message>) {
    this.#asking = asking;
    this.#fetch = fetch;
    connection.sendText(SEND_REQUEST);
  }

  frame(chunk: Uint8Array): void {
    // More than is needed to see that it is too much is not kept.
    if (this.#bytes <= MAX_LIST_BYTES) {
      this.#fetch.tell({ type: "chunk", asking: this.#asking, bytes: chunk.slice() });
    }
    this.#bytes += chunk.length;
  }

  ended(): void {
    this.#fetch.tell({ type: "ended", asking: this.#asking });
  }
}

function describe(reason: CloseReason): string {
  if (reason.type === "idle") return "it did not answer in time";
  if (reason.type === "failed" && reason.error instanceof Error) return reason.error.message;
  return "the connection was closed";
}
