import { deadline, startProcess, startTask, type TempDirectory, type TestProcess } from "../_helpers.ts";

/** A server of the editor, the real task. */
export interface EditorPlay extends AsyncDisposable {
  readonly server: TestProcess;
  readonly port: number;
}

/** Starts the task in a folder. */
export async function startEditor(directory: TempDirectory, ...args: string[]): Promise<EditorPlay> {
  const server = startTask("editor:server", ["--host", "127.0.0.1", "--port", "0", ...args], {
    cwd: directory.path,
  });
  try {
    const port = await server.port();
    return { server, port, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
  } catch (error) {
    await server[Symbol.asyncDispose]();
    throw error;
  }
}

/** Starts one of the Python programs beside this file. */
export function startPython(program: string, ...args: string[]): TestProcess {
  return startProcess("python3", ["-u", new URL(program, import.meta.url).pathname, ...args]);
}

/** How much of the end of what came is looked at while it comes. */
const TAIL_BYTES = 200;

/** A client that keeps all that it is sent. */
export class Crowd implements Disposable {
  readonly conn: Deno.TcpConn;
  readonly #chunks: Uint8Array[] = [];
  #length = 0;
  #ended = false;
  #waiting = new Set<() => void>();
  readonly #done: Promise<void>;

  private constructor(conn: Deno.TcpConn) {
    this.conn = conn;
    this.#done = this.#listen();
  }

  static async join(port: number): Promise<Crowd> {
    return new Crowd(await deadline(Deno.connect({ hostname: "127.0.0.1", port })));
  }

  /** How many bytes it was sent. */
  get length(): number {
    return this.#length;
  }

  /** All that it was sent. */
  get text(): string {
    return decode(this.#chunks);
  }

  /** The end of what it was sent. */
  get tail(): string {
    let first = this.#chunks.length;
    for (let bytes = 0; first > 0 && bytes < TAIL_BYTES;) bytes += this.#chunks[--first]?.length ?? 0;
    return decode(this.#chunks.slice(first));
  }

  async #listen(): Promise<void> {
    const buffer = new Uint8Array(65536);
    try {
      for (let count; (count = await this.conn.read(buffer)) !== null;) {
        this.#chunks.push(buffer.slice(0, count));
        this.#length += count;
        this.#wake();
      }
    } catch {
      // Lost: what was sent counts.
    }
    this.#ended = true;
    this.#wake();
  }

  #wake(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }

  /**
   * Waits until what it was sent satisfies a condition, which is looked at with each piece: `tail` is cheap,
   * `text` is not.
   */
  async until(holds: () => boolean, what: string, limitMs = 60_000): Promise<void> {
    const wait = async () => {
      while (!holds()) {
        if (this.#ended) throw new Error(`Cannot wait for ${what}: the connection ended`);
        await new Promise<void>((resolve) => this.#waiting.add(resolve));
      }
    };
    await deadline(wait(), limitMs, what);
  }

  /** Waits for the end of the connection. */
  async ended(): Promise<void> {
    await deadline(this.#done, 15_000, "the end of the connection");
  }

  async send(text: string): Promise<void> {
    let bytes: Uint8Array = new TextEncoder().encode(text);
    while (bytes.length > 0) bytes = bytes.subarray(await this.conn.write(bytes));
  }

  [Symbol.dispose](): void {
    try {
      this.conn.close();
    } catch {
      // Closed before.
    }
  }
}

function decode(chunks: readonly Uint8Array[]): string {
  const decoder = new TextDecoder();
  return chunks.map((chunk) => decoder.decode(chunk, { stream: true })).join("") + decoder.decode();
}
