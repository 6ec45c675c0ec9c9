/**
 * Members of a chat at each of its doors, on real sockets, who all speak and hear the words of the line door.
 *
 * @module
 */
import { deadline, TestClient } from "../_helpers.ts";
import { type Dialect, IRC, LINE, WEB } from "../sim/_chat_dialects.ts";
import { startBoth } from "./_irc.ts";

/** The doors by name. */
export const DOOR_NAMES = ["line", "irc", "web"] as const;

/** A door. */
export type DoorName = typeof DOOR_NAMES[number];

const DIALECTS: Readonly<Record<DoorName, Dialect>> = { line: LINE, irc: IRC, web: WEB };

/** A chat with all its doors. */
export interface OpenChat extends AsyncDisposable {
  readonly ports: Readonly<Record<DoorName, number>>;
  stop(): Promise<void>;
}

/** Starts a chat with all its doors, on ports of its own. */
export async function startAll(options: Parameters<typeof startBoth>[0] = {}): Promise<OpenChat> {
  const { promise, resolve } = Promise.withResolvers<number>();
  const chat = await startBoth({
    ...options,
    web: { address: { hostname: "127.0.0.1", port: 0 }, onListening: ({ port }) => resolve(port) },
  });
  const web = await deadline(promise, undefined, "the web door");
  return {
    ports: { line: chat.port, irc: chat.ircPort, web },
    stop: () => chat.system.stop(),
    [Symbol.asyncDispose]: () => chat.system.stop(),
  };
}

/** What carries a member's lines. */
interface Line extends Disposable {
  send(line: string): Promise<void>;
  /** The next line; null at the end. */
  next(limitMs?: number): Promise<string | null>;
}

/** Somebody in the lobby. */
export class DoorMember implements Disposable {
  readonly #dialect: Dialect;
  readonly #line: Line;

  private constructor(dialect: Dialect, line: Line) {
    this.#dialect = dialect;
    this.#line = line;
  }

  /** Comes in by a door, and is in the lobby. */
  static async enter({ ports }: OpenChat, door: DoorName, name: string): Promise<DoorMember> {
    const dialect = DIALECTS[door];
    const line = door === "web" ? await openWeb(ports.web) : await openLines(ports[door]);
    for (const sent of dialect.logIn(name)) await line.send(sent);
    for (let heard; (heard = await line.next(120_000)) !== null;) {
      if (dialect.isIn(heard)) return new DoorMember(dialect, line);
      if (dialect.isRefused(heard)) throw new Error(`${name} was refused: ${heard}`);
      if (dialect.enter?.after(heard) === true) await line.send(dialect.enter.line);
    }
    throw new Error(`${name} was closed`);
  }

  /** Says something in the lobby. */
  say(text: string): Promise<void> {
    return this.#line.send(this.#dialect.say(text));
  }

  /** Sends a line of the door's own. */
  send(line: string): Promise<void> {
    return this.#line.send(line);
  }

  /** What is told next, in the words of the line door; null at the end. */
  async hear(limitMs?: number): Promise<string | null> {
    const line = await this.#line.next(limitMs);
    return line === null ? null : this.#dialect.translate(line);
  }

  /** Reads on to a line that fits, in the words of its own door. */
  async find(wanted: RegExp): Promise<string> {
    const before: string[] = [];
    for (let line; (line = await this.#line.next()) !== null;) {
      if (wanted.test(line)) return line;
      before.push(line);
    }
    throw new Error(`Closed before ${wanted}, after ${before.join(" / ")}`);
  }

  /** All that is told until the end. */
  async rest(): Promise<string[]> {
    const lines: string[] = [];
    for (let line; (line = await this.hear()) !== null;) lines.push(line);
    return lines;
  }

  [Symbol.dispose](): void {
    this.#line[Symbol.dispose]();
  }
}

async function openLines(port: number): Promise<Line> {
  const client = await TestClient.connect(port);
  return {
    send: (line) => client.send(`${line}\n`),
    next: (limitMs) => client.line(limitMs),
    [Symbol.dispose]: () => client.close(),
  };
}

async function openWeb(port: number): Promise<Line> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/chat`);
  const opened = Promise.withResolvers<void>();
  const unheard: (string | null)[] = [];
  let wake = () => {};
  const note = (line: string | null) => {
    unheard.push(line);
    wake();
  };
  socket.onopen = () => opened.resolve();
  socket.onmessage = ({ data }) => note(String(data));
  socket.onclose = () => {
    opened.reject(new Error("the web door closed"));
    note(null);
  };
  await deadline(opened.promise, undefined, "the web door");
  return {
    send: (line) => Promise.resolve(socket.send(line)),
    next: async (limitMs) => {
      while (unheard.length === 0) {
        const { promise, resolve } = Promise.withResolvers<void>();
        wake = resolve;
        await deadline(promise, limitMs, "a message of the web door");
      }
      return unheard.shift() ?? null;
    },
    [Symbol.dispose]: () => socket.close(),
  };
}
