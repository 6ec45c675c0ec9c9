/**
 * Asking one node for the names in its folder.
 *
 * @module
 */
import { decodeFileList, type FileList, MAX_LIST_BYTES } from "../../protocols/file_list.ts";
import { rawFrames } from "../../protocols/frames.ts";
import { SEND_REQUEST } from "../../protocols/peer_link.ts";
import { type CloseReason, type Connection, dialer, type DialerCommand, type Session } from "../net/mod.ts";
import type { Behavior } from "../runtime/mod.ts";
import { type SocketAddress, WorldError } from "../world/world.ts";

/** How asking went. */
export type FetchOutcome =
  | { readonly type: "fetched"; readonly list: FileList }
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
  /** Told the outcome, once, in the actor's own turn: only `tell` in it. */
  readonly done: (outcome: FetchOutcome) => void;
}

/** Connects, sends `SEND`, reads to the end of the stream, and stops. */
export function listFetch(options: ListFetchOptions): Behavior<DialerCommand> {
  const { address, timeoutMs } = options;
  let open = true;
  const done = (outcome: FetchOutcome) => {
    if (open) options.done(outcome);
    open = false;
  };
  return dialer<Uint8Array, FetchMessage>({
    address,
    frames: rawFrames,
    session: (connection) => new FetchSession(connection, done),
    limits: { idleTimeoutMs: timeoutMs },
    reconnect: false,
    connectTimeoutMs: timeoutMs,
    down: ({ reason }) => done({ type: "not-fetched", reason: describe(reason), refused: isRefusal(reason) }),
  });
}

/** However steadily it comes: a list may take so long, all in all. */
const WHOLE_LIST_MS = 10_000;

type FetchMessage = { readonly type: "takes-too-long" };

class FetchSession implements Session<Uint8Array, FetchMessage> {
  readonly #connection: Connection<FetchMessage>;
  readonly #done: (outcome: FetchOutcome) => void;
  readonly #chunks: Uint8Array[] = [];
  #bytes = 0;

  constructor(connection: Connection<FetchMessage>, done: (outcome: FetchOutcome) => void) {
    this.#connection = connection;
    this.#done = done;
    connection.sendText(SEND_REQUEST);
    connection.context.after(WHOLE_LIST_MS, { type: "takes-too-long" });
  }

  message(): void {
    this.#refuse("its list takes too long");
  }

  frame(chunk: Uint8Array): void {
    this.#bytes += chunk.length;
    if (this.#bytes > MAX_LIST_BYTES) {
      this.#refuse(`its list is over ${MAX_LIST_BYTES} bytes`);
      return;
    }
    this.#chunks.push(chunk.slice());
  }

  #refuse(reason: string): void {
    this.#done({ type: "not-fetched", reason, refused: false });
    this.#connection.abort(new RangeError(`Cannot read the list: ${reason}`));
  }

  ended(): void {
    const bytes = new Uint8Array(this.#bytes);
    let offset = 0;
    for (const chunk of this.#chunks) {
      bytes.set(chunk, offset);
      offset += chunk.length;
    }
    try {
      this.#done({ type: "fetched", list: decodeFileList(bytes) });
    } catch {
      this.#done({ type: "not-fetched", reason: "its list is not UTF-8", refused: false });
    }
    this.#connection.end();
  }
}

function describe(reason: CloseReason): string {
  if (reason.type === "idle") return "it did not answer in time";
  if (reason.type === "failed" && reason.error instanceof Error) return reason.error.message;
  return "the connection was closed";
}
