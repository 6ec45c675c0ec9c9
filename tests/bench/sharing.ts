/**
 * File sharing: 512 MiB from one to another over loopback, each figure beside other people's clients in the
 * same run.
 *
 * @module
 */
import { available, freePort, tempDirectory } from "../_helpers.ts";
import { Seeder } from "../sharing/_seeder.ts";
import { type Aim, aimAt, type Bench, type BenchOptions, quantile, type Row, rowOf } from "./_bench.ts";
import { httpWaits } from "./_http_wait.ts";
import {
  aria2Gets,
  aria2Seeds,
  FILE,
  hasLibtorrent,
  libtorrentGets,
  makeTorrent,
  OurNodes,
  oursGets,
  type SharingPlace,
  type Torrent,
} from "./_sharing_subjects.ts";

const MIB = 1024 * 1024;
const UNIT = "MiB/s";
/** What has not come after so long never will: of 4 MiB, of 512 MiB and more. */
const QUICK_LIMIT_MS = 60_000;
const LIMIT_MS = 300_000;

/** Where one benchmark has its file, and what it measures with. */
export interface Stage extends SharingPlace, AsyncDisposable {
  readonly mib: number;
  readonly rounds: number;
  readonly file: string;
  /** A directory that nothing is in. */
  out(): string;
}

export async function stageOf({ quick }: BenchOptions, wholeMib = 512): Promise<Stage> {
  const directory = await tempDirectory();
  const mib = quick ? 4 : wholeMib;
  const seedDirectory = directory.file("seed");
  await Deno.mkdir(seedDirectory);
  const file = `${seedDirectory}/${FILE}`;
  const random = crypto.getRandomValues(new Uint8Array(65536));
  using out = await Deno.open(file, { write: true, create: true });
  for (let at = 0; at < mib * MIB; at += random.length) {
    new DataView(random.buffer).setUint32(0, at);
    await out.write(random);
  }
  let outs = 0;
  return {
    directory,
    mib,
    rounds: quick ? 1 : 3,
    limitMs: quick ? QUICK_LIMIT_MS : LIMIT_MS,
    seedDirectory,
    file,
    out: () => directory.file(`out-${++outs}`),
    [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
  };
}

/** MiB a second of all that `get` brings, `count` at once. */
export async function speed(stage: Stage, get: (out: string) => Promise<void>, count = 1): Promise<number> {
  const outs = Array.from({ length: count }, () => stage.out());
  const before = performance.now();
  await Promise.all(outs.map(get));
  const seconds = (performance.now() - before) / 1000;
  for (const out of outs) await Deno.remove(out, { recursive: true });
  return stage.mib * count / seconds;
}

/** Both by turns; the row of their medians. */
async function beside(
  name: string,
  stage: Stage,
  ours: () => Promise<number>,
  theirs: () => Promise<number>,
  least?: number,
): Promise<Row> {
  const figures: { readonly value: number; readonly floor: number }[] = [];
  for (let round = 0; round < stage.rounds; round++) {
    figures.push({ value: await ours(), floor: await theirs() });
  }
  return rowOf({
    name,
    unit: UNIT,
    values: figures.map(({ value }) => value),
    floors: figures.map(({ floor }) => floor),
    aim: least === undefined ? undefined : aimAt("ratio", ">=", least),
  });
}

async function toAria2(options: BenchOptions): Promise<Row[]> {
  if (!await available("aria2c", "--version")) return [];
  await using stage = await stageOf(options);
  await using ours = await OurNodes.start(stage, 1);
  const fromLeader = await ours.torrent();
  await using fromOurs = await makeTorrent(stage.directory, stage.file, [ours.swarmPort]);
  await using aria = await seedingAria2(stage);
  const get = (torrent: string) => () => speed(stage, (out) => aria2Gets(torrent, out, stage.limitMs));
  return [
    // By the leader's .torrent: told of who wants the file, the seed dials aria2.
    await beside(
      "sharing: ours to aria2c | aria2c to aria2c",
      stage,
      get(fromLeader),
      get(aria.torrent.path),
      1,
    ),
    // aria2 dials, and opens encrypted: closed at once, it waits a second before it dials plainly.
    await beside(
      "sharing: ours to aria2c, by another tracker | aria2c to aria2c",
      stage,
      get(fromOurs.path),
      get(aria.torrent.path),
    ),
  ];
}

/** An aria2c that gives the file, and a torrent whose tracker names it. */
async function seedingAria2(stage: Stage): Promise<{ readonly torrent: Torrent } & AsyncDisposable> {
  const port = freePort();
  const torrent = await makeTorrent(stage.directory, stage.file, [port]);
  const seed = await aria2Seeds(torrent.path, stage, port);
  return {
    torrent,
    [Symbol.asyncDispose]: async () => {
      await seed[Symbol.asyncDispose]();
      await torrent[Symbol.asyncDispose]();
    },
  };
}

async function fromAria2(options: BenchOptions): Promise<Row[]> {
  if (!await available("aria2c", "--version")) return [];
  await using stage = await stageOf(options);
  await using ours = await OurNodes.start(stage, 1);
  await using aria = await seedingAria2(stage);
  const [{ path }, { limitMs }] = [aria.torrent, stage];
  return [
    await beside(
      "sharing: aria2c to ours | aria2c to aria2c",
      stage,
      () => speed(stage, (out) => oursGets(path, out, { limitMs })),
      () => speed(stage, (out) => aria2Gets(path, out, limitMs)),
    ),
    await beside(
      "sharing: three of ours at once from one of ours | three aria2c from one",
      stage,
      () => speed(stage, (out) => ours.get(out), 3),
      () => speed(stage, (out) => aria2Gets(path, out, limitMs), 3),
      1,
    ),
  ];
}

async function toLibtorrent(options: BenchOptions): Promise<Row[]> {
  if (!await hasLibtorrent()) return [];
  await using stage = await stageOf(options);
  await using ours = await OurNodes.start(stage, 1);
  await using fromOurs = await makeTorrent(stage.directory, stage.file, [ours.swarmPort]);
  const port = freePort();
  await using fromBare = await makeTorrent(stage.directory, stage.file, [port]);
  using _seed = new Seeder({
    content: await Deno.readFile(stage.file),
    pieceLength: fromBare.pieceLength,
    port,
  });
  return [
    await beside(
      "sharing: ours to libtorrent | a bare seeder to it",
      stage,
      () => speed(stage, (out) => libtorrentGets(fromOurs.path, out, stage.limitMs)),
      () => speed(stage, (out) => libtorrentGets(fromBare.path, out, stage.limitMs)),
      0.9,
    ),
  ];
}

async function amongOurs(options: BenchOptions): Promise<Row[]> {
  await using stage = await stageOf(options);
  const rows: Row[] = [];
  for (const count of [1, 2, 4]) {
    await using ours = await OurNodes.start(stage, count);
    rows.push(
      await beside(
        `sharing: ours from ${count} of ours | a bare socket copy`,
        stage,
        () => speed(stage, (out) => ours.get(out)),
        () => bareCopy(stage.mib),
      ),
    );
  }
  return rows;
}

/** Bytes through one loopback connection, and nothing else. */
async function bareCopy(mib: number): Promise<number> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const before = performance.now();
  const receiving = (async () => {
    using connection = await listener.accept();
    const buffer = new Uint8Array(65536);
    while (await connection.read(buffer) !== null);
  })();
  {
    using connection = await Deno.connect({ hostname: "127.0.0.1", port: listener.addr.port });
    const bytes = new Uint8Array(65536);
    for (let sent = 0; sent < mib * MIB;) sent += await connection.write(bytes);
  }
  await receiving;
  return mib / ((performance.now() - before) / 1000);
}

/** How long the HTTP port of a node that hashes, gives, fetches keeps others waiting, beside an idle one. */
async function waitsBesideTransfers(options: BenchOptions): Promise<Row[]> {
  await using stage = await stageOf(options);
  await using ours = await OurNodes.start(stage, 1, true);
  const { httpPort, takerHttpPort } = ours;
  const works = [
    ["hashes a file", () => httpWaits(httpPort, "/share", ours.hash())],
    ["gives", () => httpWaits(httpPort, "/share", speed(stage, (out) => ours.get(out)))],
    ["fetches", () => httpWaits(takerHttpPort, "/share", ours.take())],
  ] as const;
  const idle: number[][] = [];
  const busy = works.map((): number[][] => []);
  for (let round = 0; round < stage.rounds; round++) {
    idle.push(await httpWaits(httpPort, "/share", pause(options.quick ? 50 : 2000)));
    for (const [index, [, measure]] of works.entries()) busy[index]?.push(await measure());
  }
  return works.flatMap(([name], index) => {
    const row = (which: string, of: (waits: readonly number[]) => number, aim?: Aim) =>
      rowOf({
        name: `sharing: a request at the HTTP port of a node that ${name}, ${which} | of one that is idle`,
        unit: "ms",
        values: (busy[index] ?? []).map(of),
        floors: idle.map(of),
        aim,
      });
    return [
      row("the longest wait", (waits) => Math.max(...waits)),
      row("99.9 %", (waits) => quantile(waits, 0.999), aimAt("value", "<=", 2)),
    ];
  });
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** The benchmarks of file sharing. */
export const benches: Bench[] = [
  { name: "sharing to aria2c", run: toAria2 },
  { name: "sharing with aria2c", run: fromAria2 },
  { name: "sharing to libtorrent", run: toLibtorrent },
  { name: "sharing among ours", run: amongOurs },
  { name: "sharing, who waits beside it", run: waitsBesideTransfers },
];
