/**
 * What a benchmark is and what it reports.
 *
 * @module
 */

/** One measured figure: the median of several rounds. */
export interface Row {
  readonly name: string;
  /** Unit of `value` and `floor`. */
  readonly unit: string;
  readonly value: number;
  /** The same figure of the least that could do the work, measured in turns with `value`. */
  readonly floor?: number;
  /** `value` beside `floor`: the median of the ratios of the rounds. */
  readonly ratio?: number;
  /** What is aimed at, for the reader of the table. */
  readonly aim?: string;
}

/** Options of {@linkcode Bench.run}. */
export interface BenchOptions {
  /** Run each measurement just long enough to see that it works. */
  readonly quick: boolean;
}

/** A benchmark that `deno task bench` runs. */
export interface Bench {
  readonly name: string;
  run(options: BenchOptions): Promise<Row[]>;
}

/** The middle one of some figures, `NaN` of none. */
export function median(figures: readonly number[]): number {
  const sorted = [...figures].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? NaN)) / 2;
}

/** The whole lines of what a process prints. */
export async function* lines(stream: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncIterableIterator<string> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const parts = (rest + text).split("\n");
    rest = parts.pop() ?? "";
    yield* parts;
  }
}
