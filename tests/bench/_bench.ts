/**
 * What a benchmark is and what it reports.
 *
 * @module
 */

/** What a figure is to reach. */
export interface Aim {
  /** `ratio`: beside the floor. */
  readonly of: "value" | "ratio";
  readonly limit: ">=" | "<=";
  readonly figure: number;
}

/** The same figure of somebody else's, measured in turns with ours. */
export interface PeerFigure {
  readonly name: string;
  readonly value: number;
  /** Ours beside theirs: the median of the ratios of the rounds. */
  readonly ratio: number;
  /** One figure a round. */
  readonly values: readonly number[];
}

/** One measured figure: the median of several rounds. */
export interface Row {
  readonly name: string;
  /** Unit of `value` and `floor`. In what ends with `/s` or with `s` of CPU more is better, else less is. */
  readonly unit: string;
  readonly value: number;
  /** One figure a round. */
  readonly values: readonly number[];
  /** The same figure of the least that could do the work, measured in turns with `value`. */
  readonly floor?: number;
  readonly floors?: readonly number[];
  /** `value` beside `floor`: the median of the ratios of the rounds. */
  readonly ratio?: number;
  readonly aim?: Aim;
  readonly peers?: readonly PeerFigure[];
  /** How much work there was, where several rows are one figure at growing sizes: `1`, `10`, `100`. */
  readonly scale?: number;
}

/** What was measured, a figure a round. */
export interface Measured {
  readonly name: string;
  readonly unit: string;
  readonly values: readonly number[];
  readonly floors?: readonly number[] | undefined;
  readonly aim?: Aim | undefined;
  /** By name; those that are not on this machine are left out. */
  readonly peers?: ReadonlyMap<string, readonly number[]> | undefined;
  readonly scale?: number | undefined;
}

/** Options of {@linkcode Bench.run}. */
export interface BenchOptions {
  /** Run each measurement just long enough to see that it works. */
  readonly quick: boolean;
  /** Run all rounds: without it, at most {@linkcode SHORT_ROUNDS}. */
  readonly full: boolean;
  /** Measure other people's systems too, which takes longer. */
  readonly peers: boolean;
}

/** Rounds of a run that is to take a few minutes. */
export const SHORT_ROUNDS = 3;

/** How many rounds are run of so many. */
export function roundsOf({ quick, full }: Pick<BenchOptions, "quick" | "full">, most: number): number {
  return quick ? 1 : full ? most : Math.min(most, SHORT_ROUNDS);
}

/** A benchmark that `deno task bench` runs. */
export interface Bench {
  readonly name: string;
  run(options: BenchOptions): Promise<Row[]>;
}

/** The aim of a figure. */
export function aimAt(of: Aim["of"], limit: Aim["limit"], figure: number): Aim {
  return { of, limit, figure };
}

/** A row of what was measured in turns: medians, and the medians of the ratios of the rounds. */
export function rowOf({ name, unit, values, floors, aim, peers, scale }: Measured): Row {
  const others = [...peers ?? []].map(([peer, theirs]): PeerFigure => ({
    name: peer,
    value: median(theirs),
    ratio: medianRatio(values, theirs),
    values: theirs,
    // Where a run was too short to be counted at all, there is nothing to stand beside.
  })).filter(({ ratio }) => Number.isFinite(ratio));
  return {
    name,
    unit,
    value: median(values),
    values,
    ...(floors !== undefined && { floor: median(floors), ratio: medianRatio(values, floors), floors }),
    ...(aim !== undefined && { aim }),
    ...(others.length > 0 && { peers: others }),
    ...(scale !== undefined && { scale }),
  };
}

/** Whether more of a unit is better. */
export function isMoreBetter(unit: string): boolean {
  return /\/(CPU )?s$/.test(unit);
}

/** Whether a row reaches its aim; `undefined` where it has none. */
export function isAimMet({ aim, value, ratio }: Row): boolean | undefined {
  if (aim === undefined) return undefined;
  const figure = aim.of === "ratio" ? ratio ?? NaN : value;
  return aim.limit === ">=" ? figure >= aim.figure : figure <= aim.figure;
}

/** The middle one of some figures, `NaN` of none. */
export function median(figures: readonly number[]): number {
  const sorted = [...figures].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? NaN)) / 2;
}

function medianRatio(values: readonly number[], others: readonly number[]): number {
  // Those that take long have fewer rounds.
  return median(others.map((other, round) => (values[round] ?? NaN) / other));
}

/** The figure that so much of all is not above, `NaN` of none. */
export function quantile(figures: readonly number[], share: number): number {
  const sorted = [...figures].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? NaN;
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
