/**
 * What happens in a system and what it logs, kept for those who look.
 *
 * @module
 */
import type {
  InspectorDeadLetter,
  InspectorFailure,
  InspectorLogLine,
  InspectorNews,
  InspectorRestart,
} from "../../protocols/inspector.ts";
import type { ActorEvent, ActorFailed } from "../runtime/mod.ts";
import { errorText, type Log, type LogRecord } from "../world/world.ts";
import { Recent } from "./recent.ts";

const MAX_EVENTS = 200;
const MAX_LOG_LINES = 500;
/** Paths and texts are cut at so many characters: what is shown is bounded, whatever was thrown. */
const MAX_PATH = 2000;
const MAX_TEXT = 2000;
const MAX_STACK = 8000;
const MAX_CAUSES = 4;

/** How much of a feed a reader has seen. */
export interface FeedPosition {
  /** Failures of actors. */
  readonly failures: number;
  /** Messages that nobody handled. */
  readonly deadLetters: number;
  /** Restarts so far. */
  readonly restarts: number;
  /** Lines of the log. */
  readonly log: number;
}

/** Before everything. */
export const FEED_START: FeedPosition = { failures: 0, deadLetters: 0, restarts: 0, log: 0 };

/**
 * The last failures, dead letters, restarts and log lines of one or more systems.
 *
 * @example
 * ```ts
 * import { ActorSystem, denoWorld } from "@troupe/actors";
 * import { EventFeed, FEED_START } from "@troupe/actors/inspect";
 * import { assertEquals } from "@std/assert";
 *
 * const feed = new EventFeed(() => Date.now());
 * const world = denoWorld({ log: { level: "warn", write: () => {} } });
 * await using system = new ActorSystem("demo", { world: { ...world, log: feed.listeningTo(world.log, "here")
 * } });
 * system.events.subscribe(feed.listener("here"));
 * const ref = system.spawn("weak", () => () => {
 *   throw new Error("too much");
 * });
 * await ref.ask(() => "work", { timeoutMs: 1000 }).catch(() => {}); // it fails, and is told so
 * const { news } = feed.after(FEED_START);
 * assertEquals(news.failures.map(({ actor, error }) => [actor, error]), [["/demo/weak", "too much"]]);
 * ```
 */
export class EventFeed {
  readonly #now: () => number;
  readonly #failures: Recent<InspectorFailure>;
  readonly #deadLetters: Recent<InspectorDeadLetter>;
  readonly #restarts: Recent<InspectorRestart>;
  readonly #log: Recent<InspectorLogLine>;

  /**
   * `now` gives the time that entries have. Of each kind at most `maxPerSecond` are kept one by one; beyond,
   * they
   * are counted.
   */
  constructor(now: () => number, { maxPerSecond = 200 }: { readonly maxPerSecond?: number } = {}) {
    this.#now = now;
    this.#failures = new Recent(MAX_EVENTS, maxPerSecond);
    this.#deadLetters = new Recent(MAX_EVENTS, maxPerSecond);
    this.#restarts = new Recent(MAX_EVENTS, maxPerSecond);
    this.#log = new Recent(MAX_LOG_LINES, maxPerSecond);
  }

  /** Takes the events of one system: for `system.events.subscribe`. */
  listener(host: string): (event: ActorEvent) => void {
    return (event) => this.#take(event, host);
  }

  /** The same log, whose lines are kept here as well. */
  listeningTo(log: Log, host: string): Log {
    return {
      enabled: (level) => log.enabled(level),
      write: (record) => {
        if (log.enabled(record.level)) this.logged(record, host);
        log.write(record);
      },
    };
  }

  /** Takes a line of a log. */
  logged({ level, actor, message }: LogRecord, host: string): void {
    const time = this.#now();
    this.#log.add(time, (number) => ({
      ...{ number, time, host, level },
      actor: cut(actor, MAX_PATH),
      message: cut(message, MAX_TEXT),
    }));
  }

  /** Takes what happened on another machine, as its own feed tells it. */
  addNews({ failures, deadLetters, restarts, log }: InspectorNews, host: string): void {
    const copy = <T extends { readonly number: number }>(to: Recent<T>, from: readonly T[]) => {
      for (const one of from) to.add(this.#now(), (number) => ({ ...one, number, host }));
    };
    copy(this.#failures, failures);
    copy(this.#deadLetters, deadLetters);
    copy(this.#restarts, restarts);
    copy(this.#log, log);
  }

  /** What came after a position, and where the reader is then. */
  after(position: FeedPosition): { readonly news: InspectorNews; readonly position: FeedPosition } {
    const failures = this.#failures.after(position.failures);
    const deadLetters = this.#deadLetters.after(position.deadLetters);
    const restarts = this.#restarts.after(position.restarts);
    const log = this.#log.after(position.log);
    const now = this.#position;
    const happened = total(now) - total(position);
    const told = failures.length + deadLetters.length + restarts.length + log.length;
    return { news: { failures, deadLetters, restarts, log, missed: happened - told }, position: now };
  }

  /** Whether something came after a position. */
  hasNews(position: FeedPosition): boolean {
    return total(this.#position) !== total(position);
  }

  /** The last failures of one actor, the newest first. */
  failuresOf(host: string, path: string, count: number): InspectorFailure[] {
    const wanted = cut(path, MAX_PATH);
    const all = this.#failures.after(0).filter((one) => one.host === host && one.actor === wanted);
    return all.slice(-count).reverse();
  }

  get #position(): FeedPosition {
    return {
      failures: this.#failures.count,
      deadLetters: this.#deadLetters.count,
      restarts: this.#restarts.count,
      log: this.#log.count,
    };
  }

  #take(event: ActorEvent, host: string): void {
    const time = this.#now();
    switch (event.type) {
      case "failed":
        return this.#failures.add(time, (number) => failureOf(event, { number, time, host }));
      case "dead-letter":
        return this.#deadLetters.add(time, (number) => ({
          ...{ number, time, host },
          target: cut(event.target, MAX_PATH),
          ...typeOf(event.message),
          reason: event.reason,
        }));
      case "started": {
        const { actor, restarts } = event;
        if (restarts === 0) return;
        return this.#restarts.add(time, (number) => ({
          ...{ number, time, host, restarts },
          actor: cut(actor, MAX_PATH),
        }));
      }
      case "stopped":
        return;
    }
  }
}

function total({ failures, deadLetters, restarts, log }: FeedPosition): number {
  return failures + deadLetters + restarts + log;
}

function failureOf(
  { actor, phase, messageType, error, decision, restarts }: ActorFailed,
  entry: { readonly number: number; readonly time: number; readonly host: string },
): InspectorFailure {
  return {
    ...entry,
    actor: cut(actor, MAX_PATH),
    phase,
    ...(messageType === undefined ? {} : { messageType: cut(messageType, MAX_TEXT) }),
    error: cut(errorText(error), MAX_TEXT),
    stack: cut(stackOf(error), MAX_STACK),
    decision,
    restarts,
  };
}

/** The `type` of a message, and nothing else of it: what people say to each other is theirs. */
function typeOf(message: unknown): { messageType?: string } {
  try {
    if (typeof message !== "object" || message === null || !("type" in message)) return {};
    return typeof message.type === "string" ? { messageType: cut(message.type, 100) } : {};
  } catch {
    return {};
  }
}

/** The stack of what was thrown, and of its causes. */
function stackOf(error: unknown): string {
  const stacks: string[] = [];
  try {
    for (let at = error; at instanceof Error && stacks.length < MAX_CAUSES; at = at.cause) {
      stacks.push(typeof at.stack === "string" ? at.stack : errorText(at));
    }
  } catch {
    // An error that throws when it is looked at.
  }
  return stacks.length === 0 ? errorText(error) : stacks.join("\nCaused by: ");
}

function cut(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}
