/**
 * The records store beside the same file operations with no server.
 *
 * @module
 */
import { aimAt, type Bench, type BenchOptions, type Row, rowOf } from "./_bench.ts";
import { CpuClock } from "./_cpu_clock.ts";
import { type Passed, startLoad } from "./_load.ts";
import type { Process } from "./_process.ts";
import { Client, encoder, inDirectory, RECORD, STAMP, Subject } from "./_records_subject.ts";
import { Redis } from "./_redis.ts";

const ROUNDS = 3;
const CLIENTS = [1, 16, 256];
/** How often `once(worker)` is done in a second by so many workers side by side. */
async function rate(
  workers: number,
  durationMs: number,
  once: (worker: number) => Promise<void>,
): Promise<number> {
  const start = performance.now();
  let done = 0;
  await Promise.all(Array.from({ length: workers }, async (_, worker) => {
    while (performance.now() - start < durationMs) {
      await once(worker);
      done++;
    }
  }));
  return done / (performance.now() - start) * 1000;
}

type Operation = "reads" | "durable writes";

/** The first client's ID: all have the same length. */
const FIRST_ID = 1000;

/** Works with so many clients, each with a record of its own. */
async function withClients<T>(
  port: number,
  workers: number,
  work: (write: (worker: number) => Promise<void>) => Promise<T>,
): Promise<T> {
  const clients: Client[] = [];
  for (let at = 0; at < workers; at++) clients.push(await Client.connect(port));
  const requests = clients.map((_, at) =>
    encoder.encode(JSON.stringify({ client_ID: `${FIRST_ID + at}`, type: "write", data: RECORD }))
  );
  try {
    return await work(async (at) => {
      await clients[at]?.ask(requests[at] ?? new Uint8Array(0));
    });
  } finally {
    for (const client of clients) client.close();
  }
}

/** Each client has a record. */
async function store(port: number, workers: number): Promise<void> {
  await withClients(port, workers, async (write) => {
    await Promise.all(Array.from({ length: workers }, (_, at) => write(at)));
  });
}

/** What each request costs on the disk, and nothing else. */
async function bare(
  operation: Operation,
  directory: string,
  workers: number,
  durationMs: number,
): Promise<number> {
  const files = `${directory}/floor`;
  await Deno.mkdir(files, { recursive: true });
  using names = await Deno.open(files);
  const content = encoder.encode(RECORD);
  const stamp = encoder.encode(STAMP);
  using index = await Deno.open(`${directory}/floor.json`, { write: true, create: true });
  for (let at = 0; at < workers; at++) await Deno.writeFile(`${files}/${at}.txt`, content);
  return await rate(workers, durationMs, async (at) => {
    const path = `${files}/${at}.txt`;
    if (operation === "reads") {
      await Deno.readFile(path);
      return;
    }
    using file = await Deno.open(`${path}.tmp`, { write: true, create: true, truncate: true });
    await file.write(content);
    await file.syncData();
    await Deno.rename(`${path}.tmp`, path);
    await names.sync();
    index.seekSync(at * 40, Deno.SeekMode.Start);
    await index.write(stamp);
  });
}

const name = (operation: Operation, workers: number) =>
  `records ${operation}, ${workers} client${workers === 1 ? "" : "s"}`;

const writes: Bench = {
  name: "records durable writes",
  run: ({ quick }) =>
    inDirectory(async (directory) => {
      const durationMs = quick ? 50 : 1000;
      const { subject, port } = await Subject.start(directory, "--update-timer", "3600");
      await using _ = subject;
      const rows: Row[] = [];
      for (const workers of CLIENTS) {
        const [values, floors]: [number[], number[]] = [[], []];
        await withClients(port, workers, async (write) => {
          await rate(workers, 1, write);
          for (let round = 0; round < (quick ? 1 : ROUNDS); round++) {
            values.push(await rate(workers, durationMs, write));
            floors.push(await bare("durable writes", directory, workers, durationMs));
          }
        });
        rows.push(rowOf({ name: name("durable writes", workers), unit: "/s", values, floors }));
      }
      return rows;
    }),
};

/** What a run of reads took. */
interface Reads {
  readonly perSecond: number;
  /** CPU time of the server for one, in microseconds. */
  readonly cpu: number;
}

/** As many reads as a server answers to a load that is not the limit. */
async function reads(load: Process, cpu: CpuClock, pid: number, durationMs: number): Promise<Reads> {
  const before = await cpu.seconds(pid);
  const { messages, seconds }: Passed = JSON.parse(await load.ask(String(durationMs)));
  return { perSecond: messages / seconds, cpu: (await cpu.seconds(pid) - before) * 1e6 / messages };
}

/** How long the answer to a request is. */
async function answerBytes(port: number, request: string): Promise<number> {
  const client = await Client.connect(port);
  const bytes = await client.ask(encoder.encode(request.replaceAll("#", `${FIRST_ID}`)));
  client.close();
  return bytes;
}

/** Reads of records beside those of files with no server, and beside values of Redis. */
async function readRows(
  { pid, port, directory, workers }: { pid: number; port: number; directory: string; workers: number },
  { quick, peers }: BenchOptions,
): Promise<Row[]> {
  const durationMs = quick ? 50 : 1000;
  await using cpu = new CpuClock();
  await using started = new AsyncDisposableStack();
  const request = '{"client_ID":"#","type":"read"}';
  const load = { connections: workers, window: 1 };
  const ours = started.use(
    await startLoad({ ...load, port, request, answerBytes: await answerBytes(port, request) }),
  );
  const redis = peers
    ? await Redis.start(Array.from({ length: workers }, (_, at) => `${FIRST_ID + at}`), RECORD)
    : undefined;
  if (redis !== undefined) started.use(redis);
  const theirs = redis && started.use(await startLoad({ ...load, ...redis.get }));
  const [found, others, floors]: [Reads[], Reads[], number[]] = [[], [], []];
  // Long enough for a file not to be one that was just written, and for the compiler.
  await reads(ours, cpu, pid, quick ? durationMs : 3 * durationMs);
  for (let round = 0; round < (quick ? 1 : ROUNDS); round++) {
    found.push(await reads(ours, cpu, pid, durationMs));
    if (redis && theirs) others.push(await reads(theirs, cpu, redis.pid, durationMs));
    floors.push(await bare("reads", directory, workers, durationMs));
  }
  const beside = (figure: keyof Reads) =>
    redis && new Map([[redis.name, others.map((other) => other[figure])]]);
  return [
    rowOf({
      name: name("reads", workers),
      unit: "/s",
      values: found.map(({ perSecond }) => perSecond),
      floors,
      peers: beside("perSecond"),
      aim: aimAt("ratio", ">=", 0.6),
    }),
    rowOf({
      name: `${name("reads", workers)}: server CPU a read`,
      unit: "µs",
      values: found.map(({ cpu }) => cpu),
      peers: beside("cpu"),
    }),
  ];
}

const reading: Bench = {
  name: "records reads",
  run: (options) =>
    inDirectory(async (directory) => {
      const { subject, port } = await Subject.start(directory, "--update-timer", "3600");
      await using _ = subject;
      const rows: Row[] = [];
      for (const workers of CLIENTS) {
        await store(port, workers);
        rows.push(...await readRows({ pid: subject.pid, port, directory, workers }, options));
      }
      return rows;
    }),
};

function agoStamp(seconds: number): string {
  const at = Date.now() - new Date().getTimezoneOffset() * 60_000 - seconds * 1000;
  return new Date(at).toISOString().slice(0, 19).replace("T", " ");
}

export interface RefreshFigures {
  /** Milliseconds that the refresh of those that are due took. */
  readonly took: number;
  /** Milliseconds of the 99th percentile of reads meanwhile. */
  readonly readP99: number;
}

/** A refresh of some records among many, while a client reads as fast as it can. */
export function refresh(stored: number, due: number): Promise<RefreshFigures> {
  return inDirectory(async (directory) => {
    const records: Record<string, string> = {};
    const [old, fresh] = [agoStamp(100_000), agoStamp(0)];
    for (let id = 0; id < stored; id++) {
      const stamp = id % Math.floor(stored / due) === 0 ? old : fresh;
      records[id] = stamp;
      Deno.writeTextFileSync(`${directory}/files/${id}.txt`, RECORD.replace(STAMP, stamp));
    }
    Deno.writeTextFileSync(`${directory}/records.json`, JSON.stringify(records));
    const { subject, port } = await Subject.start(
      directory,
      "--update-timer",
      "2",
      "--update-threshold",
      "50000",
    );
    await using _ = subject;
    const client = await Client.connect(port);
    const { at: begun } = await subject.line(/^Updating files/);
    let took: number | undefined;
    const over = subject.line(/^Files updated/).then(({ at }) => took = at - begun);
    const times: number[] = [];
    while (took === undefined) {
      const request = { client_ID: `${times.length * 7919 % stored}`, type: "read" };
      const before = performance.now();
      await client.ask(encoder.encode(JSON.stringify(request)));
      times.push(performance.now() - before);
    }
    await over;
    client.close();
    times.sort((a, b) => a - b);
    return { took, readP99: times[Math.floor(times.length * 0.99)] ?? NaN };
  });
}

const refreshing: Bench = {
  name: "records refresh",
  async run({ quick }) {
    const [many, few, due] = quick ? [400, 200, 20] : [100_000, 1000, 500];
    const among = await refresh(many, due);
    const alone = await refresh(few, due);
    const all = quick ? among : await refresh(20_000, 20_000);
    const name = (count: number, of: number) =>
      `${count.toLocaleString("en-US")} due of ${of.toLocaleString("en-US")}`;
    return [
      rowOf({
        name: `records refresh, ${name(due, many)} (floor: of ${few.toLocaleString("en-US")})`,
        unit: "ms",
        values: [among.took],
        floors: [alone.took],
        aim: aimAt("ratio", "<=", 2),
      }),
      rowOf({
        name: `records read p99 while ${name(due, many)} refresh`,
        unit: "ms",
        values: [among.readP99],
        aim: aimAt("value", "<=", 50),
      }),
      rowOf({
        name: `records read p99 while ${name(20_000, 20_000)} refresh`,
        unit: "ms",
        values: [all.readP99],
        aim: aimAt("value", "<=", 50),
      }),
    ];
  },
};

/** Benchmarks of the records store. */
export const benches: Bench[] = [reading, writes, refreshing];
