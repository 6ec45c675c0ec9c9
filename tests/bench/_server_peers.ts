/**
 * Servers in what others have made, each in a process of its own.
 *
 * @module
 */
import { root } from "../_helpers.ts";
import { compileErlang, ERLANG_FLAGS, erlangName, hasErlangModule } from "./_erlang.ts";
import { leaveOut } from "./_left_out.ts";
import { Process, type ProcessOptions } from "./_process.ts";

/** A server that prints its port, and for each line of its input the CPU seconds that it has used. */
export interface StartedPeer {
  /** With its version. */
  readonly name: string;
  readonly process: Process;
}

/** Somebody else's server. */
export interface PeerServer {
  /** Starts it; `undefined`, which is said, where it is not on this machine. */
  start(args: readonly string[], options?: ProcessOptions): Promise<StartedPeer | undefined>;
}

/** Those that echo, in the order of the report. */
export const ECHO_PEERS: readonly PeerServer[] = [
  node("net", "echo_node.mjs"),
  erlang("echo", "main"),
  python(", a thread a client", "echo_threads.py"),
];

/** Those that answer datagrams. */
export const UDP_PEERS: readonly PeerServer[] = [
  node("dgram", "echo_node_dgram.mjs"),
  erlang("echo", "udp"),
  python("", "echo_udp.py"),
];

/** Those that speak TLS: their arguments are the files of a certificate and of its key. */
export const TLS_PEERS: readonly PeerServer[] = [
  node("tls", "echo_node_tls.mjs"),
  erlang("echo", "tls", "ssl"),
  python(", a thread a client", "echo_tls_threads.py"),
];

/**
 * Those that pass on to all others what a client writes: with `chat` as their argument line by line, behind a
 * name, with `editor` as it is. They print how many clients there are behind their CPU seconds.
 */
export const FAN_OUT_PEERS: readonly PeerServer[] = [
  node("net", "fan_out_node.mjs"),
  erlang("fan_out", "main"),
  python(", a thread a client", "fan_out_threads.py"),
];

/** What a program says of its version: `v20.1.0`, `Python 3.11.2`. */
export async function versionOf(program: string): Promise<string> {
  const { stdout } = await new Deno.Command(program, { args: ["--version"] }).output();
  return /\d+(\.\d+)*/.exec(new TextDecoder().decode(stdout))?.[0] ?? "";
}

function node(api: string, script: string): PeerServer {
  return scripted("node", script, (version) => `Node ${version} ${api}`);
}

function python(how: string, script: string): PeerServer {
  return scripted("/usr/bin/python3", script, (version) => `Python ${version}${how}`);
}

function scripted(program: string, script: string, nameOf: (version: string) => string): PeerServer {
  return {
    async start(args, options) {
      const version = await ifThere(program, () => versionOf(program));
      if (version === undefined) return undefined;
      const path = `${root}tests/bench/peers/${script}`;
      return { name: nameOf(version), process: new Process(program, [path, ...args], options) };
    },
  };
}

/** A function of a module of `peers/erlang/`, which may need one that Debian has in a package of its own. */
function erlang(module: "echo" | "fan_out", start: string, needed?: "ssl"): PeerServer {
  return {
    async start(args, options) {
      const directory = await ifThere("Erlang (erlang-base)", () => compileErlang("echo", module));
      if (directory === undefined) return undefined;
      if (needed && !await hasErlangModule(needed)) return leaveOut(`Erlang's ${needed} (erlang-${needed})`);
      const run = [...ERLANG_FLAGS, "-pa", directory, "-run", module, start, ...args];
      return { name: await erlangName(), process: new Process("erl", run, options) };
    },
  };
}

async function ifThere<T>(what: string, start: () => Promise<T>): Promise<T | undefined> {
  try {
    return await start();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return leaveOut(what);
    throw error;
  }
}
