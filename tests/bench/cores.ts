/**
 * Servers on two cores beside the same on one.
 *
 * It is counted, and not timed: messages for each second of CPU that a machine of as many cores as there are
 * threads would take at least. That is what the busiest thread has used, or all threads of the process
 * divided by the cores, whichever is more. So a machine whose cores are busy with the load as well is good
 * enough to measure on, and what the cores cost (the first thread, messages between them, connections that
 * are spread unevenly) is counted. The load comes in batches of a fixed size: a server that is not the limit
 * would otherwise find less at once than one that is, and so need more CPU for the same.
 *
 * @module
 */
import { makeCertificate, tempDirectory } from "../_helpers.ts";
import { aimAt, type Bench, type Row, rowOf } from "./_bench.ts";
import { type Passed, startLoad } from "./_load.ts";
import { Process } from "./_process.ts";

const ROUNDS = 5;
const RUN_MS = 1500;
/** Each thread compiles the program for itself, out of its share of the load. */
const WARM_UP_MS = 6000;
const QUICK_RUN_MS = 50;
/** With so many the system spreads them about evenly. */
const CONNECTIONS = 256;

/** What is measured. */
interface Subject {
  readonly name: string;
  readonly connections: number;
  readonly window: number;
  /** Starts the load, and connects it: of a crowd a tenth, where it need only be seen to run. */
  load(port: number, files: readonly string[], quick: boolean): Promise<Process>;
  /** The same with no actor: what threads and messages between them cost in any case. */
  readonly bare?: string;
}

const SUBJECTS: readonly Subject[] = [
  {
    name: "echo over TLS",
    connections: CONNECTIONS,
    window: 4,
    load: (port, [certFile = ""]) =>
      connected("./_tls_load.ts", ["--allow-net", "--allow-read"], [port, CONNECTIONS, 4, certFile]),
  },
  {
    name: "calculator",
    connections: CONNECTIONS,
    window: 4,
    load: (port) => {
      const request = "12 + 13\n";
      return startLoad({
        ...{ port, connections: CONNECTIONS, window: 4, inBatches: true, request, greeting: "Ada\n" },
        answerBytes: "25.0\n".length,
      });
    },
  },
  rooms("chat, 50 rooms, four lines at once", 20, 4),
  rooms("chat, 50 rooms, single lines", 20, 1),
  rooms("chat, 50 rooms of 60, single lines", 60, 1),
];

function rooms(name: string, members: number, atOnce: number): Subject {
  return {
    ...{ name, connections: 50 * members, window: atOnce },
    load: (port, _files, quick) =>
      connected("./_rooms_load.ts", ["--allow-ffi"], [port, quick ? 5 : 50, members, atOnce]),
    bare: "./_bare_rooms.ts",
  };
}

async function connected(
  script: string,
  rights: readonly string[],
  args: readonly (string | number)[],
): Promise<Process> {
  const load = Process.script(script, rights, args);
  await load.next();
  return load;
}

/** What one run came to. */
interface CoresRun {
  /** Messages for each second that the cores would take at least. */
  readonly perSecond: number;
  /** Microseconds of CPU of the whole process for each message. */
  readonly cpuUs: number;
  /** The busiest threads' shares of it, as many as there are cores. */
  readonly shares: readonly number[];
}

/** A server under load. */
class Measured implements AsyncDisposable {
  readonly #subject: Process;
  readonly #load: Process;
  readonly #cores: number;

  private constructor(subject: Process, load: Process, cores: number) {
    this.#subject = subject;
    this.#load = load;
    this.#cores = cores;
  }

  /** `script` is what serves in place of ours. */
  static async start(
    subject: Subject,
    cores: number,
    files: readonly string[],
    quick: boolean,
    script?: string,
  ): Promise<Measured> {
    // What its threads use is in /proc, which takes all rights.
    const server = script === undefined
      ? Process.script("./_cores_subject.ts", ["-A"], [subject.name, cores, ...files])
      : Process.script(script, ["-A"], [cores]);
    const port = /(\d+)(?: \(IPv4\))?$/.exec(await server.next())?.[1];
    if (port === undefined) throw new Error("Cannot measure: the server has named no port");
    return new Measured(server, await subject.load(Number(port), files, quick), cores);
  }

  /** Loads it for a while. */
  async run(runMs: number): Promise<CoresRun> {
    const before = await this.#usage();
    const { messages }: Pick<Passed, "messages"> = JSON.parse(await this.#load.ask(String(runMs)));
    const after = await this.#usage();
    const used = Object.keys(after).map((id) => (after[id] ?? 0) - (before[id] ?? 0));
    const all = used.reduce((sum, seconds) => sum + seconds, 0);
    const busiest = used.toSorted((left, right) => right - left).slice(0, this.#cores);
    return {
      perSecond: messages / Math.max(...used, all / this.#cores),
      cpuUs: all / messages * 1e6,
      shares: busiest.map((seconds) => seconds / all),
    };
  }

  async #usage(): Promise<Readonly<Record<string, number>>> {
    return JSON.parse(await this.#subject.ask("usage"));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#load[Symbol.asyncDispose]();
    await this.#subject[Symbol.asyncDispose]();
  }
}

/** Two cores beside one; of our servers, or of a script in their place. */
async function compare(subject: Subject, quick: boolean, script?: string): Promise<Row[]> {
  await using directory = await tempDirectory();
  const { certFile, keyFile } = await makeCertificate(directory);
  await using two = await Measured.start(subject, 2, [certFile, keyFile], quick, script);
  await using one = await Measured.start(subject, 1, [certFile, keyFile], quick, script);
  const runMs = quick ? QUICK_RUN_MS : RUN_MS;
  for (const server of [two, one]) await server.run(quick ? QUICK_RUN_MS : WARM_UP_MS);
  const onTwo: CoresRun[] = [];
  const onOne: CoresRun[] = [];
  for (let round = 0; round < (quick ? 1 : ROUNDS); round++) {
    onTwo.push(await two.run(runMs));
    onOne.push(await one.run(runMs));
  }
  const what = script === undefined ? subject.name : `${subject.name}, with no actor`;
  const name = `cores, ${what}, ${subject.connections} connections, two beside one`;
  const shares = onTwo.at(-1)?.shares.map((share) => `${Math.round(share * 100)} %`);
  console.error(`${name}: the two busiest threads took ${shares?.join(" and ")} of the CPU`);
  return [
    rowOf({
      ...{ name, unit: "messages/CPU s" },
      values: onTwo.map(({ perSecond }) => perSecond),
      floors: onOne.map(({ perSecond }) => perSecond),
      aim: script === undefined ? aimAt("ratio", ">=", 1.7) : undefined,
    }),
    rowOf({
      ...{ name: `${name}, CPU of a message`, unit: "µs" },
      values: onTwo.map(({ cpuUs }) => cpuUs),
      floors: onOne.map(({ cpuUs }) => cpuUs),
    }),
  ];
}

/** The benchmarks of several cores. */
export const benches: Bench[] = SUBJECTS.map((subject) => ({
  name: `cores, ${subject.name}`,
  async run({ quick }) {
    const rows = await compare(subject, quick);
    return subject.bare === undefined ? rows : [...rows, ...await compare(subject, quick, subject.bare)];
  },
}));
