/**
 * The editor's web door beside the reference server of y-websocket, which keeps its document in memory alone:
 * ours makes each edit durable before it is sent to anybody.
 *
 * @module
 */
import { type Aim, aimAt, type Bench, type Row, rowOf } from "./_bench.ts";
import { TypedFrames, WebClient, WritingTrace } from "./_web_load.ts";
import { WebSubject, type WebSubjectKind } from "./_web_subjects.ts";

const ROUNDS = 3;
/** Edits of one writer that are on their way at once. */
const WINDOW = 16;
/** As many as our server takes of one client before it waits for the disk. */
const FLOOD_WINDOW = 1000;
const LATENCY_EDITS_PER_SECOND = 200;
const DIRECTORY = new URL("../../.tmp", import.meta.url).pathname;

const PEERS = ["y-websocket on Node", "y-websocket on Deno"] as const satisfies readonly WebSubjectKind[];

interface Shape {
  readonly clients: number;
  readonly writers: number;
  /** Edits that are measured. */
  readonly edits: number;
}

interface Flow {
  readonly editsPerSecond: number;
  readonly deliveriesPerSecond: number;
  /** CPU time of the server for one delivery, in microseconds. */
  readonly cpu: number;
}

/** Runs `work` with a server and a file of its own; undefined where the server is not on this machine. */
async function withSubject<T>(
  kind: WebSubjectKind,
  work: (subject: WebSubject, file: string) => Promise<T>,
): Promise<T | undefined> {
  await Deno.mkdir(DIRECTORY, { recursive: true });
  const directory = await Deno.makeTempDir({ dir: DIRECTORY });
  try {
    await using subject = await WebSubject.start(kind, `${directory}/document.txt`);
    return subject && await work(subject, `${directory}/document.txt`);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

async function connect(
  { port, path }: WebSubject,
  count: number,
  onHeard: (client: WebClient) => void,
): Promise<WebClient[]> {
  const clients: WebClient[] = [];
  for (let i = 0; i < count; i++) clients.push(await WebClient.connect(port, path, onHeard));
  return clients;
}

/** Writers that each keep a window full: the next edit goes out when the slowest reader has an older one. */
class Typing {
  readonly #writers: readonly WebClient[];
  readonly #frames: readonly TypedFrames[];
  readonly #window: number;
  /** Edits of each writer. */
  #sent = 0;

  constructor(writers: readonly WebClient[], frames: readonly TypedFrames[], window: number) {
    this.#writers = writers;
    this.#frames = frames;
    this.#window = window;
  }

  get sent(): number {
    return this.#sent * this.#writers.length;
  }

  /** Sends what there is room for, up to so many edits of each writer. */
  fill(heard: number, end: number): void {
    const next = Math.min(Math.floor(heard / this.#writers.length) + this.#window, end);
    // Not one by one: so many small writes would make the load the limit.
    if (next < end && next - this.#sent < Math.min(4, this.#window)) return;
    for (const [i, writer] of this.#writers.entries()) {
      const frames = this.#frames[i];
      if (frames !== undefined && next > this.#sent) writer.send(frames.slice(this.#sent, next));
    }
    this.#sent = Math.max(this.#sent, next);
  }
}

async function flow(
  subject: WebSubject,
  { clients: count, writers, edits }: Shape,
  window: number,
): Promise<Flow> {
  let onHeard = () => {};
  const clients = await connect(subject, count, () => onHeard());
  const readers = clients.slice(writers);
  const warmUp = Math.ceil(edits / writers / 3);
  const all = warmUp + Math.ceil(edits / writers);
  const frames = Array.from({ length: writers }, (_, i) => new TypedFrames(i + 1, all));
  const typing = new Typing(clients.slice(0, writers), frames, window);
  const run = async (end: number) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    onHeard = () => {
      const heard = readers.reduce((least, client) => Math.min(least, client.heard), Infinity);
      if (heard >= end * writers) resolve();
      typing.fill(heard, end);
    };
    onHeard();
    await promise;
  };
  await run(warmUp);
  const before = await subject.cpuMs();
  const startedAt = performance.now();
  await run(all);
  const seconds = (performance.now() - startedAt) / 1000;
  const cpuMs = await subject.cpuMs() - before;
  for (const { conn } of clients) conn.close();
  const measured = (all - warmUp) * writers;
  const deliveries = measured * (count - 1);
  return {
    editsPerSecond: measured / seconds,
    deliveriesPerSecond: deliveries / seconds,
    cpu: cpuMs * 1000 / deliveries,
  };
}

/** From a key's sending until the last reader has it, at a pace, in milliseconds, sorted. */
async function latencies(
  subject: WebSubject,
  { clients: count, writers }: Shape,
  edits: number,
): Promise<number[]> {
  const [sentAt, heardAt]: [number[], number[]] = [[], []];
  let heard = 0;
  const clients = await connect(subject, count, () => {
    const least = readers.reduce((so, client) => Math.min(so, client.heard), Infinity);
    for (const now = performance.now(); heard < least; heard++) heardAt.push(now);
  });
  const readers = clients.slice(writers);
  const perWriter = Math.ceil(edits / writers);
  const frames = Array.from({ length: writers }, (_, i) => new TypedFrames(i + 1, perWriter));
  for (let edit = 0; edit < perWriter; edit++) {
    for (const [i, typed] of frames.entries()) {
      sentAt.push(performance.now());
      clients[i]?.send(typed.slice(edit, edit + 1));
      await new Promise((resolve) => setTimeout(resolve, 1000 / LATENCY_EDITS_PER_SECOND));
    }
  }
  while (heard < sentAt.length) await new Promise((resolve) => setTimeout(resolve, 5));
  for (const { conn } of clients) conn.close();
  return heardAt.map((at, i) => at - (sentAt[i] ?? NaN)).sort((a, b) => a - b);
}

/** Rounds of ours and of the peers in turns. What is not on this machine is said, and left out. */
async function inTurns<T>(
  rounds: number,
  measure: (subject: WebSubject) => Promise<T>,
): Promise<Map<WebSubjectKind, T[]>> {
  const found = new Map<WebSubjectKind, T[]>();
  for (let round = 0; round < rounds; round++) {
    for (const kind of ["Troupe", ...PEERS] as const) {
      const result = await withSubject(kind, measure);
      if (result !== undefined) found.set(kind, [...found.get(kind) ?? [], result]);
      else if (round === 0) console.error(`Left out, it is not on this machine: ${kind}`);
    }
  }
  return found;
}

function besideRow<T>(
  found: ReadonlyMap<WebSubjectKind, readonly T[]>,
  name: string,
  { unit, aim, figure }: { unit: string; aim?: Aim; figure: (result: T) => number },
): Row {
  const figures = (kind: WebSubjectKind) => found.get(kind)?.map(figure);
  // Its reference server is the floor: there is no smaller one that keeps a document.
  const [reference, ...others] = PEERS;
  return rowOf({
    name,
    unit,
    aim,
    values: figures("Troupe") ?? [],
    floors: figures(reference),
    peers: new Map(
      others.map((kind) => [kind, figures(kind) ?? []] as const).filter(([, all]) => all.length),
    ),
  });
}

async function beside(shape: Shape, quick: boolean): Promise<Row[]> {
  const name = `editor, web, ${shape.clients} clients × ${shape.writers}`;
  const found = await inTurns(quick ? 1 : ROUNDS, (subject) => flow(subject, shape, WINDOW));
  const delays = await inTurns(1, (subject) => latencies(subject, shape, quick ? 20 : 1000));
  const share = (part: number) => (times: readonly number[]) => times[Math.floor(times.length * part)] ?? NaN;
  return [
    besideRow(found, name, {
      unit: "deliveries/s",
      aim: aimAt("ratio", ">=", 2),
      figure: ({ deliveriesPerSecond }) => deliveriesPerSecond,
    }),
    besideRow(found, `${name}: CPU a delivery`, {
      unit: "µs",
      aim: aimAt("ratio", "<=", 0.5),
      figure: ({ cpu }) => cpu,
    }),
    besideRow(delays, `${name}: key to the last, p50`, { unit: "ms", figure: share(0.5) }),
    besideRow(delays, `${name}: key to the last, p99`, { unit: "ms", figure: share(0.99) }),
  ];
}

/** As many durable edits as pass, with one reader that says so. */
async function durable(quick: boolean): Promise<Row[]> {
  const shape = { clients: 9, writers: 8, edits: quick ? 1000 : 400_000 };
  const rates: number[] = [];
  for (let round = 0; round < (quick ? 1 : ROUNDS); round++) {
    const found = await withSubject("Troupe", (subject) => flow(subject, shape, FLOOD_WINDOW));
    rates.push(found?.editsPerSecond ?? NaN);
  }
  const aim = aimAt("value", ">=", 100_000);
  return [rowOf({ name: "editor, web, durable edits of 8 writers", unit: "edits/s", values: rates, aim })];
}

/** Starts on a document with a history, and lets a client have all of it. */
async function startUp(edits: number, quick: boolean): Promise<Row[]> {
  const directory = await Deno.makeTempDir({ dir: DIRECTORY });
  const file = `${directory}/document.txt`;
  try {
    const letters = await writeHistory(file, edits);
    const [starts, wholes]: [number[], number[]] = [[], []];
    for (let round = 0; round < (quick ? 1 : ROUNDS); round++) {
      const startedAt = performance.now();
      await using subject = await WebSubject.start("Troupe", file);
      if (subject === undefined) throw new Error("Cannot measure: the server does not start");
      starts.push(subject.startMs);
      const { promise, resolve } = Promise.withResolvers<void>();
      const client = await WebClient.connect(subject.port, subject.path, ({ heard }) => {
        if (heard >= letters) resolve();
      });
      client.askForAll();
      await promise;
      wholes.push(performance.now() - startedAt);
      client.conn.close();
    }
    const name = `editor, web, a document of ${edits.toLocaleString("en")} edits`;
    return [
      rowOf({ name: `${name}: start`, unit: "ms", values: starts, aim: aimAt("value", "<=", 300) }),
      rowOf({ name: `${name}: start, and a client has it`, unit: "ms", values: wholes }),
    ];
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** Lets a client type it all; kills the server when the file has it too. Says how many letters are left. */
async function writeHistory(file: string, edits: number): Promise<number> {
  await using subject = await WebSubject.start("Troupe", file);
  if (subject === undefined) throw new Error("Cannot measure: the server does not start");
  const writer = await WebClient.connect(subject.port, subject.path, () => {});
  const trace = new WritingTrace();
  for (let left = edits; left > 0; left -= 1000) writer.send(trace.keys(Math.min(left, 1000)));
  const text = async () => await (await fetch(`http://127.0.0.1:${subject.port}/document`)).text();
  // It may have this length on its way, too.
  for (let times = 0; times < 5; await new Promise((resolve) => setTimeout(resolve, 50))) {
    times = (await text()).length === trace.length ? times + 1 : 0;
  }
  await new Promise((resolve) => setTimeout(resolve, 1000));
  writer.conn.close();
  return trace.length;
}

/** From a key in one tab of a browser until another shows it. */
async function keysInPages(quick: boolean): Promise<Row[]> {
  const script = new URL("_page_keys.ts", import.meta.url).pathname;
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-q", "-A", "--no-check", script, quick ? "10" : "500"],
    stderr: "inherit",
  }).output();
  const found: number[] | null = JSON.parse(new TextDecoder().decode(stdout));
  if (found === null) {
    console.error("Left out: there is no Chromium on this machine, or `deno task pages` was not run");
    return [];
  }
  const times = found.sort((a, b) => a - b);
  const at = (share: number) => times[Math.floor(times.length * share)] ?? NaN;
  const name = "editor, page, key to the other tab's DOM";
  return [
    rowOf({ name: `${name}, p50`, unit: "ms", values: [at(0.5)], aim: aimAt("value", "<=", 10) }),
    rowOf({ name: `${name}, p99`, unit: "ms", values: [at(0.99)] }),
  ];
}

/** The editor's benchmarks at its web door. */
export const benches: Bench[] = [
  ...[
    { clients: 8, writers: 2, edits: 40_000 },
    { clients: 32, writers: 4, edits: 20_000 },
    { clients: 200, writers: 8, edits: 6000 },
  ].map((shape): Bench => ({
    name: `editor, web, ${shape.clients} clients beside y-websocket`,
    run: ({ quick }) => beside(quick ? { ...shape, edits: 80 } : shape, quick),
  })),
  { name: "editor, web, durable edits", run: ({ quick }) => durable(quick) },
  { name: "editor, page, key to another tab", run: ({ quick }) => keysInPages(quick) },
  {
    name: "editor, web, start-up",
    run: ({ quick }) => startUp(quick ? 1000 : 182_315, quick),
  },
];
