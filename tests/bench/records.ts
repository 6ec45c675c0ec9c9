/**
 * The records store beside the same file operations with no server.
 *
 * @module
 */
import { type Bench, median, type Row } from "./_bench.ts";

const ROUNDS = 3;
const CLIENTS = [1, 16, 256];
const STAMP = "2026-01-01 00:00:00";
const RECORD = `Last updated: ${STAMP}\nStudent ID: 1\nName: A\nDate of Birth: 2000-01-01\nCity: B\nReason: ${
  "x".repeat(100)
}\n`;
const encoder = new TextEncoder();

/** A line of a server's output, and when it came. */
interface Line {
  readonly text: string;
  readonly at: number;
}

/** A records server in a process of its own, as it is by default: it logs each write. */
class Subject implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #reading: Promise<void>;
  readonly #lines: Line[] = [];
  #grown: () => void = () => {};
  #isOver = false;

  private constructor(directory: string, flags: readonly string[]) {
    const script = new URL("../../tasks/records_server.ts", import.meta.url).pathname;
    this.#child = new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "-A", "--no-check", script, "--host", "127.0.0.1", "--port", "0", "--max-clients", "300"],
        ...["--file-path", `${directory}/files`, "--record-path", directory, ...flags],
      ],
      stdin: "null",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    this.#reading = readLines(this.#child.stdout, (text) => {
      this.#lines.push({ text, at: performance.now() });
      this.#grown();
    }).finally(() => {
      this.#isOver = true;
      this.#grown();
    });
  }

  static async start(directory: string, ...flags: string[]): Promise<{ subject: Subject; port: number }> {
    const subject = new Subject(directory, flags);
    const { text } = await subject.line(/ready to receive on port/);
    return { subject, port: Number(/\d+/.exec(text)?.[0]) };
  }

  /** The first line like this, also one that was there before. */
  async line(pattern: RegExp): Promise<Line> {
    for (let from = 0;;) {
      const found = this.#lines.slice(from).find(({ text }) => pattern.test(text));
      if (found !== undefined) return found;
      if (this.#isOver) throw new Error(`Cannot measure the server: it ended without ${pattern}`);
      from = this.#lines.length;
      await new Promise<void>((resolve) => this.#grown = resolve);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGTERM");
    await this.#child.status;
    await this.#reading;
  }
}

async function readLines(stream: ReadableStream<Uint8Array<ArrayBuffer>>, tell: (line: string) => void) {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const parts = (rest + text).split("\n");
    rest = parts.pop() ?? "";
    parts.forEach(tell);
  }
}

async function inDirectory<T>(body: (directory: string) => Promise<T>): Promise<T> {
  await Deno.mkdir(".tmp", { recursive: true });
  const directory = await Deno.makeTempDir({ dir: ".tmp" });
  await Deno.mkdir(`${directory}/files`);
  try {
    return await body(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** A client with one request under way. */
class Client {
  readonly #conn: Deno.Conn;
  readonly #buffer = new Uint8Array(65536);

  constructor(conn: Deno.Conn) {
    this.#conn = conn;
  }

  static async connect(port: number): Promise<Client> {
    const conn = await Deno.connect({ hostname: "127.0.0.1", port });
    conn.setNoDelay(true);
    return new Client(conn);
  }

  async ask(request: Uint8Array): Promise<void> {
    for (let rest = request; rest.length > 0;) rest = rest.subarray(await this.#conn.write(rest));
    for (;;) {
      const count = await this.#conn.read(this.#buffer);
      if (count === null) throw new Error("Cannot measure the server: it has closed the connection");
      if (this.#buffer[count - 1] === 10) return;
    }
  }

  close(): void {
    this.#conn.close();
  }
}

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

async function served(
  operation: Operation,
  port: number,
  workers: number,
  durationMs: number,
): Promise<number> {
  const clients: Client[] = [];
  for (let at = 0; at < workers; at++) clients.push(await Client.connect(port));
  const requests = clients.map((_, at) => {
    const head = { client_ID: `${at}`, type: operation === "reads" ? "read" : "write" };
    return encoder.encode(JSON.stringify(operation === "reads" ? head : { ...head, data: RECORD }));
  });
  try {
    return await rate(workers, durationMs, async (at) => {
      await clients[at]?.ask(requests[at] ?? new Uint8Array(0));
    });
  } finally {
    for (const client of clients) client.close();
  }
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

function throughput(operation: Operation): Bench {
  return {
    name: `records ${operation}`,
    run: ({ quick }) =>
      inDirectory(async (directory) => {
        const durationMs = quick ? 50 : 1000;
        const { subject, port } = await Subject.start(directory, "--update-timer", "3600");
        await using _ = subject;
        const rows: Row[] = [];
        for (const workers of CLIENTS) {
          await served("durable writes", port, workers, 1);
          const values: number[] = [];
          const floors: number[] = [];
          for (let round = 0; round < (quick ? 1 : ROUNDS); round++) {
            values.push(await served(operation, port, workers, durationMs));
            floors.push(await bare(operation, directory, workers, durationMs));
          }
          rows.push({
            name: `records ${operation}, ${workers} client${workers === 1 ? "" : "s"}`,
            unit: "/s",
            value: median(values),
            floor: median(floors),
            ratio: median(values.map((value, at) => value / (floors[at] ?? NaN))),
          });
        }
        return rows;
      }),
  };
}

function agoStamp(seconds: number): string {
  const at = Date.now() - new Date().getTimezoneOffset() * 60_000 - seconds * 1000;
  return new Date(at).toISOString().slice(0, 19).replace("T", " ");
}

interface RefreshFigures {
  /** Milliseconds that the refresh of those that are due took. */
  readonly took: number;
  /** Milliseconds of the 99th percentile of reads meanwhile. */
  readonly readP99: number;
}

/** A refresh of some records among many, while a client reads as fast as it can. */
function refresh(stored: number, due: number): Promise<RefreshFigures> {
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
      {
        name: `records refresh, ${name(due, many)} (floor: of ${few.toLocaleString("en-US")})`,
        unit: "ms",
        value: among.took,
        floor: alone.took,
        ratio: among.took / alone.took,
        aim: "as few cost",
      },
      {
        name: `records read p99 while ${name(due, many)} refresh`,
        unit: "ms",
        value: among.readP99,
        aim: "< 50",
      },
      {
        name: `records read p99 while ${name(20_000, 20_000)} refresh`,
        unit: "ms",
        value: all.readP99,
        aim: "< 50",
      },
    ];
  },
};

/** Benchmarks of the records store. */
export const benches: Bench[] = [throughput("reads"), throughput("durable writes"), refreshing];
