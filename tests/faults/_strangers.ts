/**
 * Servers, and what strangers do to them.
 *
 * @module
 */
import { services } from "../../tasks/services/mod.ts";
import {
  deadline,
  isTask,
  startProcess,
  startTask,
  type TaskName,
  type TempDirectory,
  type TestProcess,
} from "../_helpers.ts";

/**
 * The servers of lines and JSON: those that a browser could be made to speak to. Echo is none: it returns
 * what it is sent.
 */
export const SPOKEN_TO = ["editor", "records", "knock", "calculator", "chat"] as const;
/** All servers on TCP that take clients. */
export const TCP_SERVERS = ["echo", ...SPOKEN_TO] as const;

/** A short name of a server on TCP. */
export type TcpServer = typeof TCP_SERVERS[number];

/** The task of a service's server. */
export function taskOf(service: string): TaskName {
  const name = `${service}:server`;
  if (!isTask(name)) throw new TypeError(`Cannot start ${name}: there is no such task`);
  return name;
}

/** A running server. */
export interface RunningServer extends AsyncDisposable {
  readonly process: TestProcess;
  readonly port: number;
}

/**
 * Starts a service's server in a folder of its own, on one address and a free port, unless the flags say
 * otherwise.
 */
export async function serve(
  service: string,
  directory: TempDirectory,
  flags: readonly string[] = [],
  env: Record<string, string> = {},
): Promise<RunningServer> {
  const here = ["--host", "127.0.0.1", "--port", "0"];
  // It would be open a little after the line that is waited for, or not, if another has the port.
  if (["editor", "chat"].includes(service)) here.push("--web-port", "off");
  const process = startTask(taskOf(service), [...here, ...flags], { cwd: directory.path, env });
  const port = await process.port(/listening|ready to receive/i);
  return { process, port, [Symbol.asyncDispose]: () => process[Symbol.asyncDispose]() };
}

/** What is said to a service first, as one client's whole talk. */
export function talkOf(service: string): readonly string[] {
  return services.find(({ task }) => task.name === `${service}:server`)?.smoke?.says ?? ["hello"];
}

/** How many descriptors a process has. */
export async function descriptors(pid: number): Promise<number> {
  await using counting = startProcess("bash", ["-c", `ls /proc/${pid}/fd | wc -l`]);
  const { stdout } = await counting.ended();
  return Number(stdout);
}

/** How many sockets a process has: files come and go with what it writes. */
export async function sockets(pid: number): Promise<number> {
  await using counting = startProcess("bash", ["-c", `ls -l /proc/${pid}/fd | grep -c socket:`]);
  const { stdout } = await counting.ended();
  return Number(stdout);
}

/** How often a pattern is in a text. */
export function count(text: string, pattern: RegExp): number {
  return [...text.matchAll(pattern)].length;
}

/** Asks a server, and waits for the answer: what was sent to it before has been handled by then. */
export async function askDatagram(port: number, text: string): Promise<string> {
  const socket = Deno.listenDatagram({ hostname: "127.0.0.1", port: 0, transport: "udp" });
  try {
    await socket.send(new TextEncoder().encode(text), { hostname: "127.0.0.1", port, transport: "udp" });
    const [bytes] = await deadline(socket.receive(), undefined, "an answer");
    return new TextDecoder().decode(bytes);
  } finally {
    socket.close();
  }
}
