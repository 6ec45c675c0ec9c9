/**
 * Load for servers that answer each request with one answer.
 *
 * @module
 */
import { LOAD_CORE, Process } from "./_process.ts";

/** What is sent, and how. */
export interface LoadOptions {
  readonly port: number;
  /** @default "tcp" */
  readonly transport?: "tcp" | "udp";
  readonly connections: number;
  /** Requests under way on each connection. */
  readonly window: number;
  /**
   * The next go out together, once all of them are answered: how many a server finds at once does not depend
   * on how fast it is. @default false
   */
  readonly inBatches?: boolean;
  /** The request; `#` becomes the number of the connection, of four digits. */
  readonly request: string;
  /** How long each answer is. */
  readonly answerBytes: number;
  /** Said first on each connection, and not answered. @default nothing */
  readonly greeting?: string;
}

/** What passed in one run. */
export interface Passed {
  readonly messages: number;
  readonly seconds: number;
  /** Round trips in milliseconds, when one message was under way on each connection. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** What the connection with the fewest messages had, beside the mean. */
  readonly fewest: number;
}

/** The line that an echo server is sent. */
export const ECHO_LINE = `${"x".repeat(63)}\n`;

/** Starts the load and connects it: for each line of its input it runs for so many milliseconds. */
export async function startLoad(options: LoadOptions): Promise<Process> {
  const args = [JSON.stringify(options)];
  const load = Process.script("./_socket_load.ts", ["--allow-ffi"], args, { core: LOAD_CORE });
  await load.next();
  return load;
}
