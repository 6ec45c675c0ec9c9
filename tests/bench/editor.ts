/**
 * The collaborative editor beside the least that passes lines on.
 *
 * @module
 */
import {
  type Aim,
  aimAt,
  type Bench,
  type BenchOptions,
  median,
  roundsOf,
  type Row,
  rowOf,
} from "./_bench.ts";
import { WebClient } from "./_web_load.ts";
import { Client, connect, discard, emptyFile, type Kind, Subject, write } from "./_editor_load.ts";
import { type LineServer, PeerSubject } from "./_line_server.ts";
import { FAN_OUT_PEERS } from "./_server_peers.ts";

const LINE_BYTES = 64;
const ROUNDS = 5;
const PEER_ROUNDS = 3;
/** The others have so many times fewer lines. */
const PEER_SHARE = 10;
/** Lines of one writer that are on their way at once. */
const WINDOW = 16;
const WARM_UP_DELIVERIES = 500_000;

interface Flow {
  readonly perSecond: number;
  /** CPU time of the server for one delivery, in microseconds. */
  readonly cpu: number;
}

/** Who writes how much to whom. */
interface Crowd {
  readonly count: number;
  readonly writers: number;
  /** Lines that are counted. */
  readonly total: number;
  /** Lines before those: what runs often is compiled by then, and is not measured in its place. */
  readonly warmUp: number;
}

function crowd(count: number, writers: number, total: number, { quick }: BenchOptions): Crowd {
  const warmUp = quick ? 0 : Math.max(total / 4, WARM_UP_DELIVERIES / count);
  return { count, writers, total: quick ? total / 50 : total, warmUp };
}

function shapeOf({ count, writers }: Crowd): string {
  return `${count} × ${writers}`;
}

/** As many lines as pass through one of ours, or the floor. */
async function flow(kind: Kind, crowd: Crowd, level?: string): Promise<Flow> {
  const file = await emptyFile();
  const subject = await Subject.start(kind, file, level);
  const browser = subject.web === undefined
    ? undefined
    : await WebClient.connect(subject.web, "/sync", () => {});
  const flow = await flowThrough(subject, crowd);
  browser?.conn.close();
  await subject.stop();
  await discard(file);
  return flow;
}

/** As many lines as pass, each written on its own, so many of each writer on their way. */
async function flowThrough(
  subject: LineServer,
  { count, writers, total, warmUp }: Crowd,
): Promise<Flow> {
  let grown = () => {};
  const clients = await connect(subject, count, () => grown());
  const readers = clients.slice(writers);
  const line = new Uint8Array(LINE_BYTES).fill(120);
  line[LINE_BYTES - 1] = 10;
  let sent = 0;
  /** What the slowest reader has. */
  const arrived = () => readers.reduce((least, { received }) => Math.min(least, received), Infinity);
  const run = async (bytes: number) => {
    const end = sent + bytes;
    const window = WINDOW * LINE_BYTES * writers;
    let next = 0;
    const { promise, resolve } = Promise.withResolvers<void>();
    grown = () => {
      const reached = arrived();
      if (reached >= end) resolve();
      for (; sent < end && sent - reached < window; sent += LINE_BYTES) {
        const writer = clients[next++ % writers];
        // One line a write; what a full socket does not take at once waits for its turn.
        writer?.send(line);
      }
    };
    grown();
    await promise;
    grown = () => {};
  };
  await run(warmUp * LINE_BYTES);
  const before = await subject.usage();
  const [start, from] = [performance.now(), sent];
  await run(total * LINE_BYTES);
  const seconds = (performance.now() - start) / 1000;
  const after = await subject.usage();
  const deliveries = (sent - from) / LINE_BYTES * (count - 1);
  for (const { conn } of clients) conn.close();
  return { perSecond: deliveries / seconds, cpu: (after.cpuMs - before.cpuMs) * 1000 / deliveries };
}

/** A round of each of the others. They have less to pass on: what is compared is a second, and a delivery. */
async function peerRound(crowd: Crowd, flows: Map<string, Flow[]>): Promise<void> {
  for (const peer of FAN_OUT_PEERS) {
    const subject = await PeerSubject.start(peer, "editor");
    if (subject === undefined) continue;
    const found = await flowThrough(subject, { ...crowd, total: crowd.total / PEER_SHARE });
    flows.set(subject.name, [...flows.get(subject.name) ?? [], found]);
    await subject.stop();
  }
}

/** Makes rows of one figure each: medians of all, and of their ratios by turns. */
function rowMaker(
  shape: string,
  flows: readonly Flow[],
  floors: readonly Flow[],
  peers: ReadonlyMap<string, readonly Flow[]> = new Map(),
) {
  return (name: string, unit: string, key: keyof Flow, aim?: Aim): Row =>
    rowOf({
      name: `${shape}: ${name}`,
      unit,
      values: flows.map((flow) => flow[key]),
      floors: floors.map((flow) => flow[key]),
      peers: new Map([...peers].map(([peer, theirs]) => [peer, theirs.map((flow) => flow[key])])),
      aim,
    });
}

async function compare(crowd: Crowd, options: BenchOptions, level?: string): Promise<Row[]> {
  const flows: Flow[] = [];
  const floors: Flow[] = [];
  const others = new Map<string, Flow[]>();
  // That others run at all is seen at one shape.
  const hasPeers = options.peers && level === undefined && (!options.quick || crowd.count === 10);
  for (let round = 0; round < roundsOf(options, ROUNDS); round++) {
    flows.push(await flow("never", crowd, level));
    floors.push(await flow("floor", crowd));
    if (hasPeers && round < PEER_ROUNDS) await peerRound(crowd, others);
  }
  const log = level === undefined ? "" : `, log at ${level}`;
  const row = rowMaker(`editor, ${shapeOf(crowd)}${log}`, flows, floors, others);
  return [
    row("sync never", "deliveries/s", "perSecond"),
    row("server CPU a delivery", "µs", "cpu", level === undefined ? aimAt("ratio", "<=", 1.15) : undefined),
  ];
}

async function synced(crowd: Crowd, quick: boolean): Promise<Row> {
  const rates: number[] = [];
  for (let round = 0; round < (quick ? 1 : 3); round++) {
    rates.push((await flow("always", crowd)).perSecond);
  }
  return rowOf({ name: `editor, ${shapeOf(crowd)}: sync always`, unit: "deliveries/s", values: rates });
}

/** Lines while somebody is at the web door, beside lines while nobody is: both durable. */
async function withBrowser(crowd: Crowd, quick: boolean): Promise<Row[]> {
  const flows: Flow[] = [];
  const floors: Flow[] = [];
  for (let round = 0; round < (quick ? 1 : 3); round++) {
    flows.push(await flow("web", crowd));
    floors.push(await flow("always", crowd));
  }
  const row = rowMaker(`editor, ${shapeOf(crowd)} with one web client`, flows, floors);
  return [
    row("sync always", "deliveries/s", "perSecond"),
    row("server CPU a delivery", "µs", "cpu", aimAt("ratio", "<=", 1.5)),
  ];
}

/** From a line's sending until the last reader has it, at so many lines a second. */
async function latency(
  kind: Kind,
  count: number,
  writers: number,
  perSecond: number,
  total: number,
): Promise<number[]> {
  const file = await emptyFile();
  const subject = await Subject.start(kind, file);
  const encoder = new TextEncoder();
  const sentAt: number[] = [];
  const lastAt: number[] = [];
  const order: number[] = [];
  let rest = "";
  let readers: Client[] = [];
  const clients = await connect(subject, count, (client, bytes) => {
    const now = performance.now();
    if (client === readers[0]) {
      const parts = (rest + new TextDecoder().decode(bytes)).split("\n");
      rest = parts.pop() ?? "";
      for (const part of parts) order.push(Number(part.slice(0, 12)));
    }
    if (!readers.includes(client)) return;
    const [first, end] = [client.received - bytes.length, client.received].map((at) =>
      Math.floor(at / LINE_BYTES)
    );
    for (let line = first ?? 0; line < (end ?? 0); line++) lastAt[line] = now;
  });
  readers = clients.slice(writers);
  for (let i = 0; i < total; i++) {
    const client = clients[i % writers];
    if (client === undefined) break;
    sentAt[i] = performance.now();
    await write(client.conn, encoder.encode(`${i}`.padEnd(LINE_BYTES - 1) + "\n"));
    await new Promise((resolve) => setTimeout(resolve, 1000 / perSecond));
  }
  while (readers.some(({ received }) => received < total * LINE_BYTES)) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  for (const { conn } of clients) conn.close();
  await subject.stop();
  await discard(file);
  return order.map((sent, at) => (lastAt[at] ?? NaN) - (sentAt[sent] ?? NaN)).sort((a, b) => a - b);
}

async function latencies(count: number, writers: number, total: number): Promise<Row[]> {
  const rows: Row[] = [];
  const floor = await latency("floor", count, writers, 200, total);
  for (const kind of ["never", "always"] as const) {
    const found = await latency(kind, count, writers, 200, total);
    for (const [name, share] of [["p50", 0.5], ["p99", 0.99]] as const) {
      const [value, least] = [found, floor].map((all) => all[Math.floor(all.length * share)] ?? NaN);
      if (value === undefined || least === undefined) continue;
      const shape = `${count} clients`;
      const row = `editor, ${shape}: to the last, sync ${kind}, ${name}`;
      rows.push(rowOf({ name: row, unit: "ms", values: [value], floors: [least] }));
    }
  }
  return rows;
}

/** A document of about so many bytes, in a file. */
export async function document(bytes: number): Promise<string> {
  const file = await emptyFile();
  const chunk = new TextEncoder().encode(`${"a line of a long document ".repeat(3)}\n`.repeat(10_000));
  using opened = await Deno.open(file, { append: true });
  for (let written = 0; written < bytes; written += chunk.length) await opened.write(chunk);
  return file;
}

async function startUp(bytes: number, quick: boolean): Promise<Row> {
  const long = await document(bytes);
  const empty = await document(0);
  const [values, floors]: [number[], number[]] = [[], []];
  for (let round = 0; round < (quick ? 1 : ROUNDS); round++) {
    for (const [file, times] of [[long, values], [empty, floors]] as const) {
      const subject = await Subject.start("always", file);
      times.push(subject.startMs);
      await subject.stop();
    }
  }
  await Promise.all([discard(long), discard(empty)]);
  return rowOf({ name: "editor, start with 100 MB, beside an empty file", unit: "ms", values, floors });
}

/** One line after the other, each when the last has come back. */
export async function append(file: string, total: number): Promise<number> {
  const subject = await Subject.start("always", file);
  let wake = () => {};
  const [writer] = await connect(subject, 1, () => {});
  const { size } = await Deno.stat(file);
  const [reader] = await connect(subject, 1, () => wake());
  const until = async (bytes: number) => {
    while ((reader?.received ?? Infinity) < bytes) await new Promise<void>((resolve) => wake = resolve);
  };
  await until(size);
  const times: number[] = [];
  for (let i = 0; i < total; i++) {
    const start = performance.now();
    if (writer) await write(writer.conn, new TextEncoder().encode("x".repeat(LINE_BYTES - 1) + "\n"));
    await until(size + (i + 1) * LINE_BYTES);
    times.push((performance.now() - start) * 1000);
  }
  writer?.conn.close();
  reader?.conn.close();
  await subject.stop();
  return median(times);
}

async function appendToLong(bytes: number, total: number, quick: boolean): Promise<Row> {
  const [values, floors]: [number[], number[]] = [[], []];
  for (let round = 0; round < (quick ? 1 : 3); round++) {
    for (const [length, times] of [[bytes, values], [0, floors]] as const) {
      const file = await document(length);
      times.push(await append(file, total));
      await discard(file);
    }
  }
  return rowOf({ name: "editor, an update of 200 MB, beside an empty document", unit: "µs", values, floors });
}

async function memory(count: number): Promise<Row> {
  const file = await document(0);
  const subject = await Subject.start("never", file);
  const first = await connect(subject, 100, () => {});
  const before = await subject.usage();
  const clients = await connect(subject, count, () => {});
  const after = await subject.usage();
  for (const { conn } of [...first, ...clients]) conn.close();
  await subject.stop();
  await discard(file);
  const each = (after.rss - before.rss) / count;
  return rowOf({ name: "editor, memory an idle client", unit: "bytes", values: [each] });
}

/** Not durable, beside others; and durable. */
async function passedOn(crowd: Crowd, options: BenchOptions): Promise<Row[]> {
  const half = { ...crowd, total: crowd.total / 2 };
  return [...await compare(crowd, options), await synced(half, options.quick)];
}

/** The editor's benchmarks. */
export const benches: Bench[] = [
  {
    name: "editor, 10 clients × 2 writers",
    run: (options) => passedOn(crowd(10, 2, 100_000, options), options),
  },
  {
    name: "editor, 10 clients × 2 writers, with its log",
    run: (options) => compare(crowd(10, 2, 100_000, options), options, "info"),
  },
  {
    name: "editor, 200 clients × 8 writers",
    run: (options) => passedOn(crowd(200, 8, 20_000, options), options),
  },
  {
    name: "editor, 10 clients × 2 writers with one web client",
    run: (options) => withBrowser(crowd(10, 2, 50_000, options), options.quick),
  },
  {
    name: "editor, latency",
    run: async ({ quick }) => [
      ...await latencies(10, 2, quick ? 50 : 1000),
      ...await latencies(200, 8, quick ? 50 : 500),
    ],
  },
  { name: "editor, start-up", run: async ({ quick }) => [await startUp(quick ? 1e6 : 1e8, quick)] },
  {
    name: "editor, a long document",
    run: async ({ quick }) => [await appendToLong(quick ? 1e6 : 2e8, quick ? 20 : 1000, quick)],
  },
  { name: "editor, memory", run: async ({ quick }) => [await memory(quick ? 50 : 1000)] },
];
