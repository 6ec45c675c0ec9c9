/**
 * The process's own input and output, for clients.
 *
 * @module
 */

const encoder = new TextEncoder();

/** What a program ends with whose reader has gone: 128 and the number of SIGPIPE. */
const READER_GONE = 141;

/** How long a stream that is full and cannot be waited for is left alone. */
const RETRY_MS = 5;
const PAUSE = new Int32Array(new SharedArrayBuffer(4));

/**
 * Writes all of a text to stdout. When nobody reads it any more (`client | head`), the process ends
 * quietly.
 */
export function write(text: string): void {
  let bytes = encoder.encode(text);
  while (bytes.length > 0) {
    try {
      bytes = bytes.subarray(Deno.stdout.writeSync(bytes));
    } catch (error) {
      if (error instanceof Deno.errors.WouldBlock) Atomics.wait(PAUSE, 0, 0, RETRY_MS);
      else Deno.exit(READER_GONE);
    }
  }
}

/** Prints a line on stdout. */
export function say(line: string): void {
  write(`${line}\n`);
}

/** Reads text from standard input as it comes; `null` at its end. */
export class Input {
  readonly #decoder = new TextDecoder();
  readonly #buffer = new Uint8Array(65536);
  readonly #aborted = Promise.withResolvers<null>();
  #ended = false;

  constructor(signal?: AbortSignal) {
    if (signal) this.endWith(signal);
  }

  /** Ends the input when a signal is aborted. */
  endWith(signal: AbortSignal): void {
    const end = () => {
      this.#ended = true;
      this.#aborted.resolve(null);
    };
    if (signal.aborted) end();
    else signal.addEventListener("abort", end, { once: true });
  }

  async read(): Promise<string | null> {
    if (this.#ended) return null;
    const count = await Promise.race([this.#readSome(), this.#aborted.promise]);
    if (count !== null) return this.#decoder.decode(this.#buffer.subarray(0, count), { stream: true });
    this.#ended = true;
    return this.#decoder.decode() || null;
  }

  async #readSome(): Promise<number | null> {
    try {
      return await Deno.stdin.read(this.#buffer);
    } catch {
      // The terminal has gone: nothing more comes from it.
      return null;
    }
  }
}
