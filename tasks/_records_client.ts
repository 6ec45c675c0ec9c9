/**
 * What the records store's client does without its terminal: connects, asks, and asks again.
 *
 * @module
 */
import type { World } from "../actors/world/world.ts";
import {
  formatRequest,
  MAX_DATA_LIMIT_BYTES,
  maxMessageBytes,
  parseResponse,
  type RecordsRequest,
  type RecordsResponse,
} from "../protocols/records.ts";
import { visibleLines } from "../protocols/visible_text.ts";
import { Failure } from "./_cli.ts";
import { CLOSED_BY_SERVER, connectLines, type LineClient, type LineClientOptions } from "./_line_client.ts";

/**
 * A connection to the store that is made when it is needed, and anew when the server has closed it
 * meanwhile.
 */
export class RecordsClient implements AsyncDisposable {
  readonly #world: World;
  readonly #options: LineClientOptions;
  readonly #token: string | undefined;
  readonly #print: (line: string) => void;
  #client: LineClient | undefined;

  constructor(
    world: World,
    options: LineClientOptions,
    token: string | undefined,
    print: (line: string) => void,
  ) {
    this.#world = world;
    this.#options = options;
    this.#token = token;
    this.#print = print;
  }

  /** Throws {@linkcode Failure} when there is no server, or it does not let us in. */
  async connect(): Promise<LineClient> {
    const client = this.#client = await connectLines(this.#world, {
      ...this.#options,
      // It comes back when there is something to ask: see `request`.
      reconnect: false,
      // The client does not know the server's limit.
      maxLineBytes: maxMessageBytes(MAX_DATA_LIMIT_BYTES),
    });
    client.gone.addEventListener("abort", () => this.#client === client && this.#print(CLOSED_BY_SERVER), {
      once: true,
    });
    if (this.#token !== undefined) {
      const answer = await ask(client, { type: "auth", clientId: null, token: this.#token });
      if (answer.type === "error") throw new Failure(answer.data);
    }
    return client;
  }

  /** Sends a request and waits for its answer. Throws {@linkcode Failure} when the server is gone. */
  async request(request: RecordsRequest): Promise<RecordsResponse> {
    const comesBack = (this.#options.reconnect ?? false) !== false;
    // A connection that is not new may have been closed while the person was thinking.
    let mayAskAgain = this.#client !== undefined || comesBack;
    for (let client = this.#client ?? await this.connect();;) {
      try {
        return await ask(client, request);
      } catch (error) {
        if (!mayAskAgain || !client.gone.aborted) throw error;
        mayAskAgain = comesBack;
        // To ask for the same twice does no harm.
        await this.#disconnect();
        client = await this.#connectAgain();
      }
    }
  }

  /** Connects; with `--reconnect` as often as it takes. */
  async #connectAgain(): Promise<LineClient> {
    const { reconnect = false } = this.#options;
    for (let waitMs = reconnect === false ? 0 : reconnect.minMs;; waitMs *= 2) {
      try {
        return await this.connect();
      } catch (error) {
        if (reconnect === false) throw error;
        const pauseMs = Math.min(waitMs, reconnect.maxMs);
        await new Promise<void>((resolve) => this.#world.clock.timer(pauseMs, resolve));
      }
    }
  }

  async #disconnect(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    await client?.[Symbol.asyncDispose]();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#disconnect();
  }
}

async function ask(client: LineClient, request: RecordsRequest): Promise<RecordsResponse> {
  const line = await client.request(formatRequest(request).trimEnd());
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    // A server that is full says so in plain words.
    throw new Failure(visibleLines(line));
  }
  const response = parseResponse(value);
  if (response === undefined) {
    throw new Failure(`Cannot understand the server's answer: ${visibleLines(line)}`);
  }
  return response;
}
