/**
 * Real clients of all doors, who come back when their server does.
 *
 * @module
 */
import type { Dialect } from "../../sim/_chat_dialects.ts";

/** Something that came, and when, in milliseconds of `performance.now()`. */
interface Heard {
  readonly text: string;
  readonly atMs: number;
}

/** One connection. */
export interface Visit {
  readonly from: number;
  /** What came, in the words of the line door. */
  readonly heard: Heard[];
  /** When it ended; `Infinity` while it lasts. */
  to: number;
}

interface Line {
  send(text: string): void;
  close(): void;
}

type Connect = (receive: (line: string) => void, closed: () => void) => Promise<Line>;

/** Connects by TCP, line by line. */
export function byTcp(port: () => number): Connect {
  return async (receive, closed) => {
    const connection = await Deno.connect({ hostname: "127.0.0.1", port: port() });
    const writer = connection.writable.getWriter();
    const reading = async () => {
      let rest = "";
      for await (const text of connection.readable.pipeThrough(new TextDecoderStream())) {
        const lines = (rest + text).split("\n");
        rest = lines.pop() ?? "";
        for (const line of lines) receive(line);
      }
    };
    reading().catch(() => {}).finally(closed);
    return {
      send: (text) => void writer.write(encoder.encode(`${text}\n`)).catch(() => {}),
      close: () => void writer.close().catch(() => {}),
    };
  };
}

/** Connects as a page does. */
export function byWebSocket(port: () => number): Connect {
  return (receive, closed) => {
    const { promise, resolve, reject } = Promise.withResolvers<Line>();
    const socket = new WebSocket(`ws://127.0.0.1:${port()}/chat`);
    socket.onopen = () => resolve({ send: (text) => socket.send(text), close: () => socket.close() });
    socket.onmessage = ({ data }) => receive(String(data));
    socket.onerror = () => reject(new Error("Cannot connect"));
    socket.onclose = () => {
      reject(new Error("Cannot connect"));
      closed();
    };
    return promise;
  };
}

const encoder = new TextEncoder();

/** How somebody lives. */
export interface PersonOptions {
  readonly name: string;
  readonly dialect: Omit<Dialect, "connect">;
  readonly connect: Connect;
  /** Milliseconds between two lines, about. */
  readonly sayEveryMs: number;
  /** Leaves after so long in the room, and comes back: for who wants another's name. @default never */
  readonly stayMs?: number;
}

const STEP_MS = 40;
const AGAIN_MS = 300;

/** Somebody in the chat. */
export class Person {
  readonly name: string;
  readonly visits: Visit[] = [];
  /** When each line was said. */
  readonly said = new Map<string, number>();
  /** From when to when it knew that it had its name. */
  readonly stays: { readonly from: number; to: number }[] = [];
  readonly #options: PersonOptions;

  constructor(options: PersonOptions) {
    this.name = options.name;
    this.#options = options;
  }

  /** Whether it is in the room. */
  isIn = false;

  /** Lives until it is told that it is over. */
  async live(isOver: () => boolean, isQuiet: () => boolean): Promise<void> {
    while (!isOver()) {
      try {
        await this.#visit(isOver, isQuiet);
      } catch {
        await pause(AGAIN_MS);
      }
    }
  }

  async #visit(isOver: () => boolean, isQuiet: () => boolean): Promise<void> {
    const { dialect, connect, name, sayEveryMs, stayMs = Infinity } = this.#options;
    const visit: Visit = { from: performance.now(), heard: [], to: Infinity };
    const seen: string[] = [];
    const line = await connect((raw) => {
      const text = raw.replace(/\r$/, "");
      seen.push(text);
      if (text.startsWith("PING ")) line.send(text.replace("PING", "PONG"));
      visit.heard.push({ text: dialect.translate(text), atMs: performance.now() });
    }, () => visit.to = Math.min(visit.to, performance.now()));
    this.visits.push(visit);
    let [lookedAt, loggedInAtMs, hasEntered, leaveAtMs] = [0, -Infinity, false, Infinity];
    let sayAtMs = sayEveryMs === Infinity ? Infinity : 0;
    while (visit.to === Infinity && !isOver()) {
      const now = performance.now();
      const isRefused = seen.slice(lookedAt).some((text) =>
        dialect.isRefused(text) || text.includes("Cannot log in")
      );
      lookedAt = seen.length;
      if (loggedInAtMs === -Infinity || (isRefused && !this.isIn)) {
        if (isRefused) await pause(AGAIN_MS);
        loggedInAtMs = now;
        for (const text of dialect.logIn(name)) line.send(text);
      } else if (!this.isIn && dialect.enter !== undefined && !hasEntered && seen.some(dialect.enter.after)) {
        hasEntered = true;
        line.send(dialect.enter.line);
      } else if (!this.isIn && seen.some(dialect.isIn)) {
        this.isIn = true;
        leaveAtMs = now + stayMs;
        this.stays.push({ from: now, to: Infinity });
      } else if (this.isIn && now > leaveAtMs) {
        break;
      } else if (this.isIn && now > sayAtMs && !isQuiet()) {
        sayAtMs = now + sayEveryMs * (0.5 + Math.random());
        this.#say(line);
      }
      await pause(STEP_MS);
    }
    // From the moment at which it leaves, or was cut off, it has no name.
    const stay = this.stays.at(-1);
    if (stay?.to === Infinity) stay.to = Math.min(visit.to, performance.now());
    this.isIn = false;
    if (visit.to === Infinity) line.send(dialect.quit);
    await pause(STEP_MS);
    line.close();
    visit.to = Math.min(visit.to, performance.now());
    await pause(AGAIN_MS * Math.random());
  }

  #say(line: Line): void {
    const text = `${this.name}.${this.said.size}`;
    this.said.set(text, performance.now());
    line.send(this.#options.dialect.say(text));
  }
}

/** Resolves after a while. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
