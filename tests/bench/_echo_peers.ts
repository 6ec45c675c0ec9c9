/**
 * Echo servers in what others have made, each in a process of its own.
 *
 * @module
 */
import { root } from "../_helpers.ts";
import { compileErlang, ERLANG_FLAGS, erlangName } from "./_erlang.ts";
import { leaveOut } from "./_left_out.ts";
import { Process, SERVER_CORE } from "./_process.ts";

/** Who echoes. */
export type EchoPeer = typeof ECHO_PEERS[number] | typeof UDP_PEERS[number] | typeof TLS_PEERS[number];

/** In the order of the report. */
export const ECHO_PEERS = ["Node net", "Erlang", "Python, a thread a client"] as const;

/** Those that answer datagrams. */
export const UDP_PEERS = ["Node dgram", "Erlang by UDP", "Python by UDP"] as const;

/** Those that speak TLS. */
export const TLS_PEERS = ["Node tls", "Python over TLS, a thread a client"] as const;

/** An echo server that prints its port, and for each line of its input the CPU seconds that it has used. */
export interface StartedPeer {
  /** With its version. */
  readonly name: string;
  readonly process: Process;
}

const PEERS = `${root}tests/bench/peers`;
const NODE_SCRIPTS = {
  "Node net": "echo_node.mjs",
  "Node dgram": "echo_node_dgram.mjs",
  "Node tls": "echo_node_tls.mjs",
} as const;
const PYTHON_SCRIPTS = {
  "Python, a thread a client": "echo_threads.py",
  "Python by UDP": "echo_udp.py",
  "Python over TLS, a thread a client": "echo_tls_threads.py",
} as const;
const PYTHON = "/usr/bin/python3";

function run(program: string, ...args: readonly string[]): Process {
  return new Process(program, args, { core: SERVER_CORE });
}

/** What a program says of its version: `v20.1.0`, `Python 3.11.2`. */
export async function versionOf(program: string): Promise<string> {
  const { stdout } = await new Deno.Command(program, { args: ["--version"] }).output();
  return /\d+(\.\d+)*/.exec(new TextDecoder().decode(stdout))?.[0] ?? "";
}

function isPython(kind: EchoPeer): kind is keyof typeof PYTHON_SCRIPTS {
  return kind in PYTHON_SCRIPTS;
}

async function start(kind: EchoPeer, files: readonly string[]): Promise<StartedPeer> {
  if (kind === "Erlang" || kind === "Erlang by UDP") {
    const directory = await compileErlang("echo");
    const start = kind === "Erlang" ? "main" : "udp";
    const process = run("erl", ...ERLANG_FLAGS, "-pa", directory, "-run", "echo", start);
    return { name: await erlangName(), process };
  }
  if (isPython(kind)) {
    const name = kind.replace(/Python( by UDP| over TLS)?/, `Python ${await versionOf(PYTHON)}`);
    return { name, process: run(PYTHON, `${PEERS}/${PYTHON_SCRIPTS[kind]}`, ...files) };
  }
  const name = kind.replace("Node", `Node ${await versionOf("node")}`);
  return { name, process: run("node", `${PEERS}/${NODE_SCRIPTS[kind]}`, ...files) };
}

/** Starts one; undefined where it is not on this machine. `files` are a certificate and its key. */
export async function startEchoPeer(
  kind: EchoPeer,
  files: readonly string[],
): Promise<StartedPeer | undefined> {
  try {
    return await start(kind, files);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return leaveOut(kind);
    throw error;
  }
}
