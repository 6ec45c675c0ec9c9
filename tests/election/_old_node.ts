/**
 * An old node in the simulated world: what spec section 3 says of them, with each of their habits.
 * `_old_node.py` is the same as a real process.
 *
 * @module
 */
import type { SimWorld } from "../../actors/world/sim/mod.ts";
import type { TcpConnection, World } from "../../actors/world/world.ts";
import type { PeerNode } from "../../actors/election/mod.ts";
import { delay, writeAll } from "../sim/_harness.ts";

type Random = SimWorld["random"];

/** What is seen of an old node from outside. */
export interface OldNode {
  /** What it printed. */
  readonly lines: string[];
  /** The log that it wrote as the leader. */
  log: string | undefined;
}

/** Options of {@linkcode oldNode}. */
export interface OldNodeOptions {
  readonly id: number;
  readonly nodes: readonly PeerNode[];
  readonly names: readonly string[];
  readonly random: Random;
  /** It closes each connection once it has read from it. @default false */
  readonly closes?: boolean;
}

/** What an old leader reads of a list. */
export const OLD_LEADER_BYTES = 1024;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Runs an old node on the host whose world this is. */
export function oldNode(world: World, options: OldNodeOptions): OldNode {
  const { id, nodes, names, random, closes = false } = options;
  const node: OldNode = { lines: [], log: undefined };
  const known = new Map<number, TcpConnection>();
  const others = nodes.filter((each) => each.id !== id);
  const leader = Math.min(...nodes.map((each) => each.id));
  let isElected = false;

  const keep = (peer: number, connection: TcpConnection) => {
    known.set(peer, connection);
    if (known.size < others.length || isElected) return;
    isElected = true;
    node.lines.push(`Leader elected: Node ${leader}`);
    if (leader === id) void writeLog();
    else for (const [other, held] of known) if (other !== leader) held.close();
  };

  /** Whether it holds the connection beyond its handler. */
  const handle = async (connection: TcpConnection): Promise<boolean> => {
    const message = await readOnce(connection, 1024);
    if (message === "SEND") {
      node.lines.push("asked for files");
      if (names.length > 0) await writeAll(connection, encoder.encode(names.join("\n")));
      if (closes) connection.close();
      return false;
    }
    const peer = /^ID:(\d+)\s*$/.exec(message)?.[1];
    if (peer === undefined) {
      node.lines.push(`strange message ${message}`);
      return false;
    }
    node.lines.push(`Node ${id} connected with Node ${peer}.`);
    keep(Number(peer), connection);
    if (closes) connection.close();
    return true;
  };

  const serve = async () => {
    const port = nodes.find((each) => each.id === id)?.address.port ?? 0;
    const listener = world.net.listenTcp({ hostname: "::", port });
    // The variable of the accept loop: what is in it stays open until the next one comes.
    let isFinished = false;
    let last: TcpConnection | undefined;
    for (;;) {
      const connection = await listener.accept();
      if (isFinished) last?.close();
      last = connection;
      isFinished = false;
      void handle(connection).catch(() => false).then((isHeld) => {
        if (last === connection) isFinished = !isHeld;
        else if (!isHeld) connection.close();
      });
    }
  };

  const dial = async (peer: PeerNode) => {
    while (!known.has(peer.id)) {
      try {
        const connection = await world.net.connectTcp(peer.address);
        await writeAll(connection, encoder.encode(`ID:${id}`));
        node.lines.push(`Node ${id} connected to Node ${peer.id}.`);
        keep(peer.id, connection);
      } catch {
        await delay(world, 500 + random.next() * 1500);
      }
    }
  };

  const askForList = async (peer: PeerNode) => {
    for (let tries = 0; tries < 3; tries++) {
      try {
        const connection = await world.net.connectTcp(peer.address);
        await writeAll(connection, encoder.encode("SEND"));
        const late = delay(world, 1000).then(() => undefined);
        const list = await Promise.race([readOnce(connection, OLD_LEADER_BYTES), late]);
        connection.close();
        if (list !== undefined) return list;
      } catch {
        // It is asked again.
      }
    }
    return "";
  };

  const writeLog = async () => {
    const sections = [`Leader Node ${id} files:\n${lines(names)}`];
    for (const peer of others) {
      const list = await askForList(peer);
      sections.push(`Node ${peer.id} files:\n${lines(list.split("\n").filter((name) => name !== ""))}`);
    }
    node.log = sections.join("\n");
  };

  serve().catch(() => {});
  delay(world, 1000 + random.next() * 2000).then(() => others.forEach((peer) => void dial(peer)));
  return node;
}

function lines(names: readonly string[]): string {
  return names.map((name) => name + "\n").join("");
}

async function readOnce(connection: TcpConnection, maxBytes: number): Promise<string> {
  const buffer = new Uint8Array(maxBytes);
  const count = await connection.read(buffer);
  return decoder.decode(buffer.subarray(0, count ?? 0));
}
