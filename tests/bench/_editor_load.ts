/**
 * The server that the editor's benchmarks measure, and its clients.
 *
 * @module
 */
import { lines } from "./_bench.ts";
import type { LineServer, Usage } from "./_line_server.ts";

/** The one folder that a benchmark may write to. */
export const DIRECTORY = new URL("../../.tmp", import.meta.url).pathname;

/** `web`: as `always`, with one client at the web door. */
export type Kind = "floor" | "never" | "always" | "web";

/** Ours, or the floor. */
export class Subject implements LineServer {
  readonly port: number;
  /** The port of the web door, where it is open. */
  readonly web: number | undefined;
  readonly startMs: number;
  readonly #child: Deno.ChildProcess;
  readonly #stdin: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>;
  readonly #told: AsyncIterableIterator<string>;

  private constructor(
    child: Deno.ChildProcess,
    told: AsyncIterableIterator<string>,
    start: { port: number; web?: number; startMs: number },
  ) {
    this.#child = child;
    this.#stdin = child.stdin.getWriter();
    this.#told = told;
    this.port = start.port;
    this.web = start.web;
    this.startMs = start.startMs;
  }

  static async start(kind: Kind, file = "", level = "warn"): Promise<Subject> {
    const script = new URL("./_editor_subject.ts", import.meta.url).pathname;
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-check", script, kind, file, level],
      stdin: "piped",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    const told = lines(child.stderr);
    return new Subject(child, told, JSON.parse(await next(told)));
  }

  async usage(): Promise<Usage & { readonly rss: number }> {
    await this.#stdin.write(new Uint8Array([10]));
    return JSON.parse(await next(this.#told));
  }

  async stop(): Promise<void> {
    await this.#stdin.close();
    await this.#child.status;
    await this.#told.return?.();
  }
}

async function next(told: AsyncIterableIterator<string>): Promise<string> {
  const { value, done } = await told.next();
  if (done) throw new Error("Cannot measure the server: it has ended");
  return value;
}

/** A client that counts what it is sent. */
export class Client {
  readonly conn: Deno.TcpConn;
  received = 0;
  #last: Promise<void> = Promise.resolve();

  constructor(conn: Deno.TcpConn, grown: (client: Client, bytes: Uint8Array) => void) {
    this.conn = conn;
    this.#read(grown).catch(() => {});
  }

  /** Writes a line after those before it. */
  send(line: Uint8Array): void {
    this.#last = this.#last.then(() => write(this.conn, line));
  }

  async #read(grown: (client: Client, bytes: Uint8Array) => void): Promise<void> {
    const buffer = new Uint8Array(65536);
    for (let count; (count = await this.conn.read(buffer)) !== null;) {
      this.received += count;
      grown(this, buffer.subarray(0, count));
    }
  }
}

export async function connect(
  subject: LineServer,
  count: number,
  grown: (client: Client, bytes: Uint8Array) => void,
): Promise<Client[]> {
  const clients: Client[] = [];
  for (let i = 0; i < count; i++) {
    const conn = await Deno.connect({ hostname: "127.0.0.1", port: subject.port });
    conn.setNoDelay(true);
    clients.push(new Client(conn, grown));
  }
  while ((await subject.usage()).clients < count);
  return clients;
}

export async function emptyFile(): Promise<string> {
  await Deno.mkdir(DIRECTORY, { recursive: true });
  return await Deno.makeTempFile({ dir: DIRECTORY });
}

/** Removes a document and what a server that was ended at once has left beside it. */
export async function discard(file: string): Promise<void> {
  await Deno.remove(file);
  for (const beside of ["journal", "history"]) await Deno.remove(`${file}.${beside}`).catch(() => {});
}

export async function write(conn: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let rest = bytes; rest.length > 0;) rest = rest.subarray(await conn.write(rest));
}
