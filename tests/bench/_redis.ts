/**
 * Redis, which keeps its values in memory: the server that others would read records from.
 *
 * @module
 */
import { freePort, root } from "../_helpers.ts";
import { leaveOut } from "./_left_out.ts";
import type { LoadOptions } from "./_load.ts";

const CONFIG = `${root}tests/bench/peers/redis.conf`;

/** A command in the protocol of Redis (RESP). */
function command(...words: readonly string[]): string {
  const parts = words.map((word) => `$${new TextEncoder().encode(word).length}\r\n${word}\r\n`);
  return `*${words.length}\r\n${parts.join("")}`;
}

/** A server with some values. */
export class Redis implements AsyncDisposable {
  readonly name: string;
  /** What asks for one of the values. */
  readonly get: Pick<LoadOptions, "port" | "request" | "answerBytes">;
  readonly #child: Deno.ChildProcess;

  private constructor(name: string, child: Deno.ChildProcess, get: Redis["get"]) {
    this.name = name;
    this.#child = child;
    this.get = get;
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** Starts one with this value under all these keys, of four characters; undefined where there is none. */
  static async start(keys: readonly string[], value: string): Promise<Redis | undefined> {
    let version: string;
    try {
      const { stdout } = await new Deno.Command("redis-server", { args: ["--version"] }).output();
      version = /v=(\S+)/.exec(new TextDecoder().decode(stdout))?.[1] ?? "";
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return leaveOut("Redis (redis-server)");
      throw error;
    }
    const port = freePort();
    const child = new Deno.Command("redis-server", {
      args: [CONFIG, "--port", `${port}`],
      stdin: "null",
      stdout: "null",
      stderr: "inherit",
    }).spawn();
    await set(port, keys, value);
    const bytes = new TextEncoder().encode(value).length;
    const answerBytes = `$${bytes}\r\n\r\n`.length + bytes;
    return new Redis(`Redis ${version}`, child, {
      port,
      request: command("GET", "0000").replace("0000", "#"),
      answerBytes,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGTERM");
    await this.#child.status;
  }
}

/** Waits until it listens, and stores the value under all keys. */
async function set(port: number, keys: readonly string[], value: string): Promise<void> {
  let conn: Deno.Conn | undefined;
  for (let tries = 0; conn === undefined && tries < 500; tries++) {
    conn = await Deno.connect({ hostname: "127.0.0.1", port }).catch(() => undefined);
    if (conn === undefined) await new Promise((resolve) => setTimeout(resolve, 20));
  }
  if (conn === undefined) throw new Error("Cannot measure: Redis does not listen");
  const answer = new Uint8Array(64);
  for (const key of keys) {
    const bytes = new TextEncoder().encode(command("SET", key, value));
    for (let sent = 0; sent < bytes.length;) sent += await conn.write(bytes.subarray(sent));
    await conn.read(answer);
  }
  conn.close();
}
