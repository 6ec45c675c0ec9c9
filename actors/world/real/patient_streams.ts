/**
 * The process's stdout and stderr for who cannot wait.
 *
 * @module
 */
import type { LogStream, Output, OutputStream } from "./output.ts";
import { StreamWriter } from "./stream_writer.ts";

/** The most characters that wait for a reader, a stream. */
const MAX_WAITING = 1 << 20;

/** How long lines wait for those that were said before on the other stream. */
const ORDER_MS = 100;

/** How long the end of the process waits for the last lines to be read. */
const FLUSH_MS = 500;

/** One of the two streams. */
class Lane {
  readonly writer: StreamWriter;
  /** Nobody seems to read it. */
  isStuck = false;
  #watch: Promise<void> | undefined;

  constructor(stream: OutputStream, lostLine: (count: number) => string) {
    this.writer = new StreamWriter({
      write: (bytes) => stream.write(bytes),
      lostLine,
      maxWaiting: MAX_WAITING,
    });
  }

  /** Nothing of it would come after what is said now on the other stream. */
  get isClear(): boolean {
    return this.isStuck || this.writer.isIdle;
  }

  /** Writes what waits. Resolves when it is written, or has been left unread for a while. */
  drain(): Promise<void> {
    return this.#watch ??= this.settle(ORDER_MS).finally(() => this.#watch = undefined);
  }

  /** The same with another limit. */
  async settle(limitMs: number): Promise<void> {
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(() => {
      this.isStuck = true;
      resolve();
    }, limitMs);
    const drained = this.writer.drain().then(() => {
      this.isStuck = false;
    });
    await Promise.race([drained, late]);
    clearTimeout(timer);
  }
}

/** Lines that wait for earlier ones of the other stream. */
interface Segment {
  readonly lines: string;
  readonly stream: LogStream;
}

/**
 * Both streams, in the order in which things are said: they often are one terminal or one file. A stream
 * that nobody reads
 * holds up neither the other one nor the process.
 */
export class PatientStreams {
  readonly #lanes: Readonly<Record<LogStream, Lane>>;
  readonly #queue: Segment[] = [];
  #queued = 0;

  /** @param lostLine the line that says how many were lost, with its line end */
  constructor(output: Output, lostLine: (count: number) => string) {
    this.#lanes = { stdout: new Lane(output.stdout, lostLine), stderr: new Lane(output.stderr, lostLine) };
  }

  write(lines: string, stream: LogStream): void {
    const segment = { lines, stream };
    const isNext = this.#queue.length === 0 && this.#lanes[otherOf(stream)].isClear;
    if (isNext || this.#queued > MAX_WAITING) {
      this.#pass(segment);
      return;
    }
    this.#queued += lines.length;
    // Who comes first waits for all.
    if (this.#queue.push(segment) === 1) this.#passInOrder();
  }

  /** Resolves when all is written, or nobody seems to read it. */
  async settled(): Promise<void> {
    const { stdout, stderr } = this.#lanes;
    await Promise.all([stdout.settle(FLUSH_MS), stderr.settle(FLUSH_MS)]);
    for (const segment of this.#queue.splice(0)) this.#pass(segment);
    await Promise.all([stdout.settle(ORDER_MS), stderr.settle(ORDER_MS)]);
  }

  async #passInOrder(): Promise<void> {
    for (let segment; (segment = this.#queue[0]) !== undefined;) {
      const other = this.#lanes[otherOf(segment.stream)];
      if (!other.isClear) await other.drain();
      // The end of the process may have passed it on meanwhile.
      if (this.#queue[0] !== segment) continue;
      this.#queue.shift();
      this.#queued -= segment.lines.length;
      this.#pass(segment);
    }
  }

  #pass({ lines, stream }: Segment): void {
    const lane = this.#lanes[stream];
    lane.writer.add(lines);
    if (!lane.isStuck) lane.drain();
    else lane.writer.drain();
  }
}

function otherOf(stream: LogStream): LogStream {
  return stream === "stdout" ? "stderr" : "stdout";
}
