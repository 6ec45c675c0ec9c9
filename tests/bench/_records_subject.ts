/**
 * A records server to be measured, and its clients.
 *
 * @module
 */
/** The datestamp of {@linkcode RECORD}. */
export const STAMP = "2026-01-01 00:00:00";
/** What each client writes. */
export const RECORD =
  `Last updated: ${STAMP}\nStudent ID: 1\nName: A\nDate of Birth: 2000-01-01\nCity: B\nReason: ${
    "x".repeat(100)
  }\n`;
/** Twice what a row has: those of the row before are gone, but the server may not have seen it yet. */
const MAX_CLIENTS = 600;
/** For what is sent. */
export const encoder = new TextEncoder();

/** A line of a server's output, and when it came. */
interface Line {
  readonly text: string;
  readonly at: number;
}

/** A records server in a process of its own, as it is by default: it logs each write. */
export class Subject implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #reading: Promise<void>;
  readonly #lines: Line[] = [];
  #grown: () => void = () => {};
  #isOver = false;

  private constructor(directory: string, flags: readonly string[]) {
    const script = new URL("../../tasks/records_server.ts", import.meta.url).pathname;
    this.#child = new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "-A", "--no-check", script, "--host", "127.0.0.1", "--port", "0"],
        ...["--max-clients", `${MAX_CLIENTS}`],
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

  get pid(): number {
    return this.#child.pid;
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

/** Runs `body` with a directory that is removed afterwards. */
export async function inDirectory<T>(body: (directory: string) => Promise<T>): Promise<T> {
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
export class Client {
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

  /** Gives how many bytes the answer has. */
  async ask(request: Uint8Array): Promise<number> {
    for (let rest = request; rest.length > 0;) rest = rest.subarray(await this.#conn.write(rest));
    for (let bytes = 0;;) {
      const count = await this.#conn.read(this.#buffer);
      if (count === null) throw new Error("Cannot measure the server: it has closed the connection");
      bytes += count;
      if (this.#buffer[count - 1] === 10) return bytes;
    }
  }

  close(): void {
    this.#conn.close();
  }
}
