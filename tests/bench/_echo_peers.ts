/**
 * Echo servers in what others have made, each in a process of its own.
 *
 * @module
 */
import { root } from "../_helpers.ts";
import { compileErlang, ERLANG_FLAGS } from "./_erlang.ts";
import { leaveOut } from "./_left_out.ts";
import { Process } from "./_process.ts";

/** Who echoes. */
export type EchoPeer = typeof ECHO_PEERS[number] | typeof UDP_PEERS[number];

/** In the order of the report. */
export const ECHO_PEERS = ["Node net", "Erlang", "Python, a thread a client"] as const;

/** Those that answer datagrams. */
export const UDP_PEERS = ["Node dgram"] as const;

const PEERS = `${root}tests/bench/peers`;

/**
 * Starts one, which prints its port, and for each line of its input the seconds of processor time that it has
 * used; undefined where it is not on this machine.
 */
export async function startEchoPeer(kind: EchoPeer): Promise<Process | undefined> {
  try {
    if (kind === "Node net") return new Process("node", [`${PEERS}/echo_node.mjs`]);
    if (kind === "Node dgram") return new Process("node", [`${PEERS}/echo_node_dgram.mjs`]);
    if (kind === "Erlang") {
      const directory = await compileErlang("echo");
      return new Process("erl", [...ERLANG_FLAGS, "-pa", directory, "-run", "echo", "main"]);
    }
    return new Process("/usr/bin/python3", [`${PEERS}/echo_threads.py`]);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return leaveOut(kind);
    throw error;
  }
}
