/**
 * What it costs to look inside: instruments, traces and an open page, each beside a system without.
 *
 * @module
 */
import { aimAt, type Bench, type Measured as Figures, quantile, type Row, rowOf } from "./_bench.ts";
import { Process } from "./_process.ts";
import { Measured } from "./_measured_echo.ts";

const ROUNDS = 10;
const RUN_MS = 1000;
/** Pairs of processes, and the rounds of each. */
const PAIRS = 10;
const PAIR_ROUNDS = 4;
const PAIR_RUN_MS = 300;
const QUICK_RUN_MS = 50;

/** Takes what is exported, and forgets it. */
class Sink implements AsyncDisposable {
  readonly #server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
    await request.body?.cancel();
    return Response.json({});
  });

  /** The environment of a process that follows one beginning in a hundred, and exports to here. */
  get env(): Record<string, string> {
    return {
      OTEL_DENO: "true",
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${this.#server.addr.port}`,
      OTEL_TRACES_SAMPLER: "traceidratio",
      OTEL_TRACES_SAMPLER_ARG: "0.01",
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }
}

/** A system whose actors tell each other what they can. */
class Telling implements AsyncDisposable {
  readonly #process: Process;
  readonly port: number;

  private constructor(process: Process, port: number) {
    this.#process = process;
    this.port = port;
  }

  static async start(kind: string, env: Readonly<Record<string, string>> = {}): Promise<Telling> {
    const process = Process.script("./_inspect_subject.ts", ["--allow-net=127.0.0.1"], [kind], { env });
    return new Telling(process, Number(await process.next()));
  }

  /** Messages in a second of processor time. */
  async run(runMs: number): Promise<number> {
    const { messages, cpuSeconds } = JSON.parse(await this.#process.ask(String(runMs)));
    return messages / cpuSeconds;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process[Symbol.asyncDispose]();
  }
}

/** A figure and what it is held against, of one turn. */
interface Turn {
  readonly value: number;
  readonly floor: number;
}

type Figure = (runMs: number) => Promise<number>;

/** How two figures are taken in turns. */
interface Turns {
  readonly rounds: number;
  readonly runMs: number;
}

/** Two figures in turns. */
async function turnsOf(
  quick: boolean,
  { rounds, runMs: fullMs }: Turns,
  value: Figure,
  floor: Figure,
): Promise<Turn[]> {
  const runMs = quick ? QUICK_RUN_MS : fullMs;
  // What the compiler makes of it is settled after a second.
  for (const each of [value, floor]) await each(quick ? QUICK_RUN_MS : RUN_MS);
  const turns: Turn[] = [];
  for (let round = 0; round < (quick ? 1 : rounds); round++) {
    // Who goes first changes: a machine that slows down or speeds up favours nobody.
    if (round % 2 === 0) turns.push({ value: await value(runMs), floor: await floor(runMs) });
    else {
      const first = await floor(runMs);
      turns.push({ floor: first, value: await value(runMs) });
    }
  }
  return turns;
}

function figuresOf(turns: readonly Turn[]): Pick<Figures, "values" | "floors"> {
  return { values: turns.map(({ value }) => value), floors: turns.map(({ floor }) => floor) };
}

async function inTurns(quick: boolean, value: Figure, floor: Figure) {
  return figuresOf(await turnsOf(quick, { rounds: ROUNDS, runMs: RUN_MS }, value, floor));
}

/**
 * The same of several pairs of processes: what the compiler makes of the same program differs by some
 * hundredths from one to the next, and stays until it ends.
 */
async function inPairs(
  quick: boolean,
  pair: (turns: (value: Figure, floor: Figure) => Promise<Turn[]>) => Promise<Turn[]>,
) {
  const all: Turn[] = [];
  for (let pairs = 0; pairs < (quick ? 1 : PAIRS); pairs++) {
    const turns = { rounds: PAIR_ROUNDS, runMs: PAIR_RUN_MS };
    all.push(...await pair((value, floor) => turnsOf(quick, turns, value, floor)));
  }
  return figuresOf(all);
}

async function tell(kind: "metered" | "traced", quick: boolean): Promise<Row[]> {
  await using sink = new Sink();
  const figures = await inPairs(quick, async (turns) => {
    await using on = await Telling.start(kind, kind === "traced" ? sink.env : {});
    await using off = await Telling.start("off");
    return await turns((runMs) => on.run(runMs), (runMs) => off.run(runMs));
  });
  return [rowOf({ name: `tell, ${NAMES[kind]}`, unit: "messages/CPU s", ...figures, aim: AIMS[kind].tell })];
}

async function echo(kind: "metered" | "traced", quick: boolean): Promise<Row[]> {
  await using sink = new Sink();
  const load = { connections: 16, window: 1 };
  const cpu = (server: Measured) => async (runMs: number) => (await server.run(runMs)).cpu;
  const figures = await inPairs(quick, async (turns) => {
    await using on = await Measured.start(kind, load, kind === "traced" ? sink.env : {});
    await using off = await Measured.start("echo", load);
    return await turns(cpu(on), cpu(off));
  });
  return [
    rowOf({ name: `echo, ${NAMES[kind]}: CPU a message`, unit: "µs", ...figures, aim: AIMS[kind].echo }),
  ];
}

/** Looks through an inspector, at the root and at some children of one actor, until it is disposed of. */
class OpenPage implements AsyncDisposable {
  readonly #socket: WebSocket;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
  }

  static async open(port: number, host: string, crowd: string): Promise<OpenPage> {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/changes`);
    const { promise: opened, resolve } = Promise.withResolvers<void>();
    socket.onmessage = () => resolve();
    await opened;
    const views = [`/${host}`, crowd].map((path) => ({ path, skip: 0, count: 100 }));
    socket.send(JSON.stringify({ type: "look", host, views }));
    return new OpenPage(socket);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#socket.onclose = resolve);
    this.#socket.close();
    await closed;
  }
}

/** Tells beside 10,000 actors, while a page is open and while none is. */
async function pageOpen(quick: boolean): Promise<Row[]> {
  await using system = await Telling.start("inspected");
  const withPage = async (runMs: number) => {
    await using _page = await OpenPage.open(system.port, "bench", "/bench/idle");
    return await system.run(3 * runMs);
  };
  const figures = await inTurns(quick, withPage, (runMs) => system.run(3 * runMs));
  const aim = aimAt("ratio", ">=", 0.95);
  return [rowOf({ name: "tell, page open, 10,000 actors", unit: "messages/CPU s", ...figures, aim })];
}

/** Round trips of eight connections beside 100,000 actors, while a page is open and while none is. */
async function echoBesideCrowd(quick: boolean): Promise<Row[]> {
  const stage = Process.script("../inspect/_stage.ts", ["--allow-net=127.0.0.1", "--allow-read"], ["quiet"]);
  await using _stage = { [Symbol.asyncDispose]: () => stage.kill() };
  const portOf = async () => Number((await stage.next()).split(" ").at(-1));
  const [port, inspector] = [await portOf(), await portOf()];
  const talkers = await Promise.all(Array.from({ length: 8 }, () => Talker.connect(port)));
  await talkers[0]?.say(`crowd ${quick ? 1000 : 100_000}`);
  const p99 = async (runMs: number) => {
    const endsAt = performance.now() + 2 * runMs;
    const times = (await Promise.all(talkers.map((talker) => talker.talk(endsAt)))).flat();
    return quantile(times, 0.99);
  };
  const withPage = async (runMs: number) => {
    await using _page = await OpenPage.open(inspector, "stage", "/stage/crowd");
    return await p99(runMs);
  };
  const figures = await inTurns(quick, withPage, p99);
  for (const talker of talkers) talker.close();
  const aim = aimAt("ratio", "<=", 2);
  return [rowOf({ name: "echo p99, page open, 100,000 actors", unit: "ms", ...figures, aim })];
}

/** Sends a line, and waits for it to come back. */
class Talker {
  readonly #conn: Deno.TcpConn;
  readonly #buffer = new Uint8Array(256);

  private constructor(conn: Deno.TcpConn) {
    this.#conn = conn;
  }

  static async connect(port: number): Promise<Talker> {
    return new Talker(await Deno.connect({ hostname: "127.0.0.1", port }));
  }

  async say(text: string): Promise<void> {
    const bytes = new TextEncoder().encode(`${text}\n`);
    await this.#conn.write(bytes);
    for (let left = bytes.length; left > 0;) left -= await this.#conn.read(this.#buffer) ?? left;
  }

  /** Milliseconds of each round trip. */
  async talk(endsAt: number): Promise<number[]> {
    const times: number[] = [];
    for (let now = performance.now(); now < endsAt;) {
      await this.say("hello there");
      const after = performance.now();
      times.push(after - now);
      now = after;
    }
    return times;
  }

  close(): void {
    this.#conn.close();
  }
}

const NAMES = { metered: "instruments on", traced: "1 % traced" } as const;
const AIMS = {
  metered: { tell: aimAt("ratio", ">=", 0.99), echo: aimAt("ratio", "<=", 1.01) },
  traced: { tell: aimAt("ratio", ">=", 0.9), echo: aimAt("ratio", "<=", 1.1) },
};

/** The costs of looking inside. */
export const benches: Bench[] = [
  { name: "inspect: tell, instruments on", run: ({ quick }) => tell("metered", quick) },
  { name: "inspect: tell, 1 % traced", run: ({ quick }) => tell("traced", quick) },
  { name: "inspect: echo, instruments on", run: ({ quick }) => echo("metered", quick) },
  { name: "inspect: echo, 1 % traced", run: ({ quick }) => echo("traced", quick) },
  { name: "inspect: page open", run: ({ quick }) => pageOpen(quick) },
  { name: "inspect: page open beside echo", run: ({ quick }) => echoBesideCrowd(quick) },
];
