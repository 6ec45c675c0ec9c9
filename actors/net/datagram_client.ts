/**
 * Asking over UDP, where questions and answers get lost.
 *
 * @module
 */
import { assertNever, type Behavior, type Ref } from "../runtime/mod.ts";
import { type Cancellable, type SocketAddress, WorldError } from "../world/world.ts";

/** Options of {@linkcode datagramClient}. */
export interface DatagramClientOptions {
  /** The server; of a name, the first address is asked. */
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
  | { readonly type: "lost"; readonly server: SocketAddress; readonly attempts: number };

/** What a datagram client can be asked. */
export type DatagramClientCommand = {
  readonly type: "ask";
  readonly text: string;
  /** Says whether a text answers this question: an answer to an earlier one may come late. @default all do */
  readonly answers?: (text: string) => boolean;
  readonly replyTo: Ref<DatagramOutcome>;
};

type Command =
  | DatagramClientCommand
  | { readonly type: "received"; readonly text: string; readonly from: SocketAddress }
  | { readonly type: "receive-failed"; readonly error: unknown }
  /** No answer to this attempt at this question. */
  | { readonly type: "late"; readonly question: Question; readonly attempt: number };

interface Question {
  readonly command: DatagramClientCommand;
  attempts: number;
  timer: Cancellable | undefined;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/**
 * Asks one question after the other, each again when no answer comes. What others than the server send is ignored.
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
  const { server: { hostname, port }, retryMs = 1000, retries = 3 } = options;
  const behavior: Behavior<Command> = async (self) => {
    const { net } = self.world;
    const [address = hostname] = await net.resolve(hostname);
    const server: SocketAddress = { hostname: address, port };
    const socket = net.bindUdp({ hostname: ownAddress(address), port: 0 });
    self.onStop(() => socket.close());
    const waiting: Question[] = [];

    const receive = () =>
      self.pipe<Command>(
        socket.receive().then(({ bytes, from }) => ({ type: "received", text: decoder.decode(bytes), from })),
        (received) => received,
        (error) => ({ type: "receive-failed", error }),
      );
    const send = (question: Question) => {
      question.attempts++;
      question.timer = self.after(retryMs, { type: "late", question, attempt: question.attempts });
      // One that cannot be sent is as good as lost: the timer deals with both.
      socket.send(encoder.encode(question.command.text), server).catch(() => {});
    };
    const next = (outcome: DatagramOutcome) => {
      const question = waiting.shift();
      question?.timer?.cancel();
      question?.command.replyTo.tell(outcome);
      const [following] = waiting;
      if (following !== undefined) send(following);
    };

    receive();
    return (message) => {
      const [question] = waiting;
      switch (message.type) {
        case "ask":
          waiting.push({ command: message, attempts: 0, timer: undefined });
          if (waiting[1] === undefined && waiting[0] !== undefined) send(waiting[0]);
          return;
        case "received": {
          receive();
          const { text, from } = message;
          if (question === undefined || from.hostname !== server.hostname || from.port !== port) return;
          if (question.command.answers?.(text) === false) return;
          next({ type: "answered", text, from, attempts: question.attempts });
          return;
        }
        case "receive-failed":
          if (message.error instanceof WorldError && message.error.kind === "closed") return;
          receive();
          return;
        case "late":
          // A timer that was cancelled too late: the answer had come.
          if (question !== message.question || question.attempts !== message.attempt) return;
          if (question.attempts <= retries) send(question);
          else next({ type: "lost", server, attempts: question.attempts });
          return;
        default:
          assertNever(message);
      }
    };
  };
  return behavior as Behavior<DatagramClientCommand>;
}

/** Where to bind a socket that talks to `address`: no wider than it takes. */
function ownAddress(address: string): string {
  if (address === "::1" || address.startsWith("127.")) return address;
  return address.includes(":") ? "::" : "0.0.0.0";
}
