/**
 * Asking over UDP, where questions and answers get lost.
 *
 * @module
 */
import { assertNever, type Behavior, type Context, type Ref, withPrivateMessages } from "../runtime/mod.ts";
import {
  type Cancellable,
  type Net,
  type SocketAddress,
  type UdpSocket,
  WorldError,
} from "../world/world.ts";

/** Options of {@linkcode datagramClient}. */
export interface DatagramClientOptions {
  /** The server. A name stands for all of its addresses: each is asked in turn, until one has answered. */
  readonly server: SocketAddress;
  /** Milliseconds to wait for an answer before asking again. @default 1000 */
  readonly retryMs?: number;
  /** How often it is asked again. @default 3 */
  readonly retries?: number;
}

/** What came of a question. */
export type DatagramOutcome =
  | {
    readonly type: "answered";
    readonly text: string;
    readonly from: SocketAddress;
    readonly attempts: number;
  }
  /** None of the addresses has answered. */
  | { readonly type: "lost"; readonly servers: readonly SocketAddress[]; readonly attempts: number };

/** What a datagram client can be asked. */
export type DatagramClientCommand = {
  readonly type: "ask";
  readonly text: string;
  /** Says whether a text answers this question: an answer to an earlier one may come late. @default all do */
  readonly answers?: (text: string) => boolean;
  readonly replyTo: Ref<DatagramOutcome>;
};

type Private =
  | { readonly type: "received"; readonly by: Candidate; readonly text: string; readonly from: SocketAddress }
  | { readonly type: "receive-failed"; readonly by: Candidate; readonly error: unknown }
  /** No answer in time since the question was sent last. */
  | { readonly type: "late" };

type Command = DatagramClientCommand | Private;

interface Question {
  readonly command: DatagramClientCommand;
  /** How often it was sent, to whichever address. */
  sends: number;
  timer: Cancellable | undefined;
}

/** One address of the server, and the socket that speaks to it. */
interface Candidate {
  readonly server: SocketAddress;
  readonly socket: UdpSocket;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/**
 * Asks one question after the other, each again when no answer comes. What others than the server send is
 * ignored.
 *
 * Its start rejects when the server's name has no address or no socket can be bound.
 *
 * @example
 * ```ts no-assert
 * import { datagramClient } from "@troupe/actors/net";
 *
 * const behavior = datagramClient({ server: { hostname: "localhost", port: 5005 }, retries: 5 });
 * ```
 */
export function datagramClient(options: DatagramClientOptions): Behavior<DatagramClientCommand> {
  const { server: { hostname, port } } = options;
  return withPrivateMessages<DatagramClientCommand, Private>(async (self) => {
    const { net } = self.world;
    const addresses = await net.resolve(hostname);
    const candidates = bindEach(net, addresses.map((address) => ({ hostname: address, port })));
    self.onStop(() => candidates.forEach(({ socket }) => socket.close()));
    const client = new DatagramClient(self, options, candidates);
    return (message) => client.handle(message);
  });
}

class DatagramClient {
  readonly #self: Context<Command>;
  readonly #retryMs: number;
  readonly #retries: number;
  readonly #all: readonly Candidate[];
  /** Those that are asked in turn: all, or the one that has answered. */
  #asked: readonly Candidate[];
  /** The first is being asked. */
  readonly #waiting: Question[] = [];

  constructor(self: Context<Command>, options: DatagramClientOptions, candidates: readonly Candidate[]) {
    this.#self = self;
    this.#retryMs = options.retryMs ?? 1000;
    this.#retries = options.retries ?? 3;
    this.#all = this.#asked = candidates;
    for (const candidate of candidates) this.#receive(candidate);
  }

  handle(message: Command): void {
    switch (message.type) {
      case "ask":
        this.#waiting.push({ command: message, sends: 0, timer: undefined });
        if (this.#waiting.length === 1) this.#sendFirst();
        return;
      case "received":
        this.#receive(message.by);
        return this.#onReceived(message.by, message.text, message.from);
      case "receive-failed":
        if (!(message.error instanceof WorldError && message.error.kind === "closed")) {
          this.#receive(message.by);
        }
        return;
      case "late":
        return this.#onLate();
      default:
        assertNever(message);
    }
  }

  #receive(by: Candidate): void {
    this.#self.pipe<Command>(
      by.socket.receive().then(({ bytes, from }) => ({
        type: "received",
        by,
        text: decoder.decode(bytes),
        from,
      })),
      (received) => received,
      (error) => ({ type: "receive-failed", by, error }),
    );
  }

  /** Sends the question to the next address. All of them together have the time of one attempt. */
  #sendFirst(): void {
    const [question] = this.#waiting;
    const candidate = this.#asked[(question?.sends ?? 0) % this.#asked.length];
    if (question === undefined || candidate === undefined) return;
    question.sends++;
    question.timer = this.#self.after(this.#retryMs / this.#asked.length, { type: "late" });
    // One that cannot be sent is as good as lost: the timer deals with both.
    candidate.socket.send(encoder.encode(question.command.text), candidate.server).catch(() => {});
  }

  #onReceived(by: Candidate, text: string, from: SocketAddress): void {
    const [question] = this.#waiting;
    if (question === undefined || from.hostname !== by.server.hostname || from.port !== by.server.port) {
      return;
    }
    if (question.command.answers?.(text) === false) return;
    const attempts = this.#attempts(question);
    this.#asked = [by];
    this.#settle({ type: "answered", text, from, attempts });
  }

  #onLate(): void {
    const [question] = this.#waiting;
    if (question === undefined) return;
    const isRoundOver = question.sends % this.#asked.length === 0;
    if (!isRoundOver || this.#attempts(question) <= this.#retries) return this.#sendFirst();
    const servers = this.#asked.map(({ server }) => server);
    const attempts = this.#attempts(question);
    // Who answered once may have moved to another address of its name.
    this.#asked = this.#all;
    this.#settle({ type: "lost", servers, attempts });
  }

  #attempts(question: Question): number {
    return Math.ceil(question.sends / this.#asked.length);
  }

  #settle(outcome: DatagramOutcome): void {
    const question = this.#waiting.shift();
    question?.timer?.cancel();
    question?.command.replyTo.tell(outcome);
    this.#sendFirst();
  }
}

/**
 * A socket for each address that this machine can speak to. Throws the failure of the first if there is none.
 */
function bindEach(net: Net, servers: readonly SocketAddress[]): Candidate[] {
  const candidates: Candidate[] = [];
  let failure: unknown = new WorldError("name-not-found", "Cannot ask: the server's name has no address");
  for (const server of servers) {
    try {
      candidates.push({ server, socket: net.bindUdp({ hostname: ownAddress(server.hostname), port: 0 }) });
    } catch (error) {
      failure = error;
    }
  }
  if (candidates.length === 0) throw failure;
  return candidates;
}

/** Where to bind a socket that talks to `address`: no wider than it takes. */
function ownAddress(address: string): string {
  if (address === "::1" || address.startsWith("127.")) return address;
  return address.includes(":") ? "::" : "0.0.0.0";
}
