/**
 * How long each service takes to listen, and what memory it has then, beside a program that only listens.
 *
 * @module
 */
import {
  freePort,
  root,
  startProcess,
  startTask,
  type TaskName,
  tempDirectory,
  type TestProcess,
} from "../_helpers.ts";
import { type Bench, type BenchOptions, type Row, rowOf } from "./_bench.ts";
import { CpuClock } from "./_cpu_clock.ts";

const ROUNDS = 5;
/** What was made to start is collected, or not, by then. */
const SETTLE_MS = 300;
const COMPILE_LIMIT_MS = 60_000;
const MIB = 1024 * 1024;
const HERE = ["--host", "127.0.0.1", "--port", "0"];
const WEB = ["--web-port", "0"];

/** The servers, and what they are started with; `PORT` becomes a free port of three. */
const SERVERS: readonly (readonly [TaskName, readonly string[]])[] = [
  ["calculator:server", HERE],
  ["chat:server", [...HERE, ...WEB]],
  ["clock:server", HERE],
  ["echo:server", HERE],
  ["editor:server", [...HERE, ...WEB]],
  ["joke:server", HERE],
  ["knock:server", HERE],
  ["records:server", HERE],
  ["peer", ["1", "--nodes", "1=127.0.0.1:PORT"]],
];

/** The least that listens. */
const BARE =
  'const l = Deno.listen({ port: 0, hostname: "127.0.0.1" }); console.log("listening"); await l.accept();';
const LISTENS = /listening|started|ready to receive/i;

interface Start {
  readonly ms: number;
  readonly mib: number;
}

async function start(clock: CpuClock, run: () => TestProcess): Promise<Start> {
  const before = performance.now();
  await using process = run();
  await process.line(LISTENS);
  const ms = performance.now() - before;
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  return { ms, mib: await clock.memory(process.pid) / MIB };
}

async function starts({ quick }: BenchOptions): Promise<Row[]> {
  await using clock = new CpuClock();
  const rows: Row[] = [];
  for (const [task, args] of quick ? SERVERS.slice(0, 2) : SERVERS) {
    const [found, floors]: [Start[], Start[]] = [[], []];
    for (let round = 0; round < (quick ? 1 : ROUNDS); round++) {
      await using directory = await tempDirectory();
      const options = { cwd: directory.path };
      const port = `${freePort()}`;
      const given = args.map((arg) => arg.replace("PORT", port));
      found.push(await start(clock, () => startTask(task, given, options)));
      floors.push(await start(clock, () => startProcess(Deno.execPath(), ["eval", BARE], options)));
    }
    const row = (name: string, unit: string, figure: keyof Start) =>
      rowOf({
        name: `services, ${task}: ${name}`,
        unit,
        values: found.map((start) => start[figure]),
        floors: floors.map((start) => start[figure]),
      });
    rows.push(row("until it listens", "ms", "ms"), row("memory", "MiB", "mib"));
  }
  return rows;
}

/** The least that can be compiled. */
const LEAST = 'console.log("Hello");\n';

/**
 * By how much a program is larger than one of a line. Their base runtime is not on every machine: `deno`
 * itself is in its place. What comes of that does not run, and carries the same.
 */
async function compiled({ quick }: BenchOptions): Promise<Row[]> {
  // Sizes are no shorter to measure: the tests of `compile` see that it runs.
  if (quick) return [];
  await using directory = await tempDirectory();
  const run = async (args: readonly string[], cwd = directory.path): Promise<void> => {
    const options = { cwd, env: { DENORT_BIN: Deno.execPath() } };
    await using process = startProcess(Deno.execPath(), args, options);
    const { code, stderr } = await process.ended(COMPILE_LIMIT_MS);
    if (code !== 0) throw new Error(`Cannot measure what is compiled: ${stderr}`);
  };
  const sizeOf = async (args: readonly string[], program: string): Promise<number> => {
    await run(args);
    const { size } = await Deno.stat(directory.file(program));
    await Deno.remove(directory.file(program));
    return size / MIB;
  };
  // Some programs carry them.
  await run(["task", "-q", "pages"], root);
  await Deno.writeTextFile(directory.file("least.ts"), LEAST);
  const flags = ["-q", "--no-check", "--no-config", "--output", directory.file("least")];
  const least = await sizeOf(["compile", ...flags, directory.file("least.ts")], "least");
  const rows: Row[] = [];
  for (const [task] of SERVERS) {
    const args = ["run", "-q", "-A", `${root}tasks/compile.ts`, "--out", directory.path, task];
    const size = await sizeOf(args, task.replace(":", "-"));
    const name = `services, ${task}: compiled, more than a program of one line`;
    rows.push(rowOf({ name, unit: "MiB", values: [size - least] }));
  }
  return rows;
}

/** What a service costs before anybody comes. */
export const benches: Bench[] = [
  { name: "services: start and memory", run: starts },
  { name: "services: compiled", run: compiled },
];
