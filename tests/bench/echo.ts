/**
 * The echo server beside a bare loop over `Deno.listen`.
 *
 * @module
 */
import { type Bench, lines, median, type Row } from "./_bench.ts";
import type { Passed } from "./_echo_load.ts";

const ROUNDS = 7;
const RUN_MS = 1000;
const QUICK_RUN_MS = 50;

/** A process that answers each line with a line. */
export class Process implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #stdin: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>;
  readonly #lines: AsyncIterableIterator<string>;

  constructor(
    script: string,
    rights: readonly string[],
    args: readonly (string | number)[],
    env: Readonly<Record<string, string>> = {},
  ) {
    const path = new URL(script, import.meta.url).pathname;
    this.#child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-q", "--no-check", ...rights, path, ...args.map(String)],
      env: { ...env },
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    this.#stdin = this.#child.stdin.getWriter();
    this.#lines = lines(this.#child.stdout);
  }

  async next(): Promise<string> {
    const { value, done } = await this.#lines.next();
    if (done) throw new Error("Cannot measure: a process has ended");
    return value;
  }

  async ask(text: string): Promise<string> {
    await this.#stdin.write(new TextEncoder().encode(`${text}\n`));
    return await this.next();
  }

  /** Ends a process that does not end with its input. */
  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stdin.close().catch(() => {});
    await this.#child.status;
    await this.#lines.return?.();
  }
}

/** What echoes: see `_echo_subject.ts`. */
export type Kind = "floor" | "echo" | "flooded" | "metered" | "traced";

/** What one run of the load took. */
export interface Run extends Passed {
  readonly perSecond: number;
  /** CPU time of the server for one message, in microseconds. */
  readonly cpu: number;
}

/** A server under load, each in a process of its own. */
export class Measured implements AsyncDisposable {
  readonly #subject: Process;
  readonly #load: Process;

  private constructor(subject: Process, load: Process) {
    this.#subject = subject;
    this.#load = load;
  }

  static async start(
    kind: Kind,
    connections: number,
    window: number,
    env: Readonly<Record<string, string>> = {},
  ): Promise<Measured> {
    const rights = ["--allow-net=127.0.0.1", "--unstable-net"];
    const subject = new Process("./_echo_subject.ts", rights, [kind], env);
    const port = await subject.next();
    const load = new Process("./_echo_load.ts", ["--allow-ffi"], [port, connections, window]);
    await load.next();
    return new Measured(subject, load);
  }

  async run(runMs: number): Promise<Run> {
    const before = Number(await this.#subject.ask("usage"));
    const passed: Passed = JSON.parse(await this.#load.ask(String(runMs)));
    const cpuSeconds = Number(await this.#subject.ask("usage")) - before;
    const { messages, seconds } = passed;
    return { ...passed, perSecond: messages / seconds, cpu: cpuSeconds * 1e6 / messages };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#load[Symbol.asyncDispose]();
    await this.#subject[Symbol.asyncDispose]();
  }
}

/** Throughput, and the CPU time of the server, both servers in turns. */
async function compare(connections: number, window: number, quick: boolean): Promise<Row[]> {
  await using echo = await Measured.start("echo", connections, window);
  await using floor = await Measured.start("floor", connections, window);
  const runMs = quick ? QUICK_RUN_MS : RUN_MS;
  // The compiler has its turn first.
  for (const server of [echo, floor]) await server.run(runMs);
  const runs: { readonly echo: Run; readonly floor: Run }[] = [];
  for (let round = 0; round < (quick ? 1 : ROUNDS); round++) {
    runs.push({ echo: await echo.run(runMs), floor: await floor.run(runMs) });
  }
  const row = (name: string, unit: string, key: "perSecond" | "cpu", aim?: string): Row => ({
    name: `echo, ${connections} × ${window} under way: ${name}`,
    unit,
    value: median(runs.map(({ echo }) => echo[key])),
    floor: median(runs.map(({ floor }) => floor[key])),
    ratio: median(runs.map(({ echo, floor }) => echo[key] / floor[key])),
    ...(aim === undefined ? {} : { aim }),
  });
  return [
    row("throughput", "messages/s", "perSecond"),
    row("server CPU a message", "µs", "cpu", "ratio <= 1.25"),
  ];
}

/** One message after the other, beside an actor that never stops sending to itself, and beside none. */
async function flooded(quick: boolean): Promise<Row[]> {
  await using echo = await Measured.start("echo", 1, 1);
  await using flooded = await Measured.start("flooded", 1, 1);
  const runMs = quick ? QUICK_RUN_MS : RUN_MS;
  for (const server of [echo, flooded]) await server.run(runMs);
  const runs: { readonly echo: Run; readonly flooded: Run }[] = [];
  for (let round = 0; round < (quick ? 1 : ROUNDS); round++) {
    runs.push({ echo: await echo.run(runMs), flooded: await flooded.run(runMs) });
  }
  const row = (name: string, share: number, aim?: string): Row => ({
    name: `echo beside a flooded actor: round trip ${name}`,
    unit: "ms",
    value: median(runs.map(({ flooded }) => quantile(flooded.times, share))),
    floor: median(runs.map(({ echo }) => quantile(echo.times, share))),
    ...(aim === undefined ? {} : { aim }),
  });
  return [row("p50", 0.5, "< 2"), row("p99", 0.99)];
}

function quantile(times: readonly number[], share: number): number {
  const sorted = [...times].sort((a, b) => a - b);
  return sorted[Math.ceil(share * sorted.length) - 1] ?? NaN;
}

/** The echo server's benchmarks. */
export const benches: Bench[] = [
  { name: "echo, 16 × 1 under way", run: ({ quick }) => compare(16, 1, quick) },
  { name: "echo, 64 × 16 under way", run: ({ quick }) => compare(64, 16, quick) },
  { name: "echo, 500 × 1 under way", run: ({ quick }) => compare(500, 1, quick) },
  { name: "echo beside a flooded actor", run: ({ quick }) => flooded(quick) },
];
