/**
 * A host that knows the wire of the peers, and means no good.
 *
 * @module
 */
import type { PeerNode } from "../../actors/election/mod.ts";
import type { SimWorld, World } from "../../actors/world/sim/mod.ts";
import type { TcpConnection } from "../../actors/world/world.ts";
import { decodePeerMessage, encodePeerMessage, type PeerMessage } from "../../protocols/election_messages.ts";
import { greeting, greetingAnswer } from "../../protocols/peer_link.ts";
import { IDLE_BEAT } from "../election/_wire.ts";
import { delay, writeAll } from "./_harness.ts";

/** Options of {@linkcode hostile}. */
export interface HostileOptions {
  readonly random: SimWorld["random"];
  readonly nodes: readonly PeerNode[];
  /** In whose place it listens; 0 for nobody's. */
  readonly id: number;
  readonly port: number;
  /** Told what it does. */
  readonly did: (what: HostileDeed) => void;
}

/** What it does wherever it is. */
export const DEEDS = ["it dialled as a node", "it lied", "it said again what it had heard"] as const;
/** What it does beside in the place of a node. */
export const DEEDS_AS_NODE = ["it answered as a node", "it voted for all"] as const;

/** What it does. */
export type HostileDeed = typeof DEEDS[number] | typeof DEEDS_AS_NODE[number];

/** An attack under way. */
export interface Attack {
  cease(): void;
}

const encoder = new TextEncoder();
/** So many attacks go on at once. */
const ATTACKS = 12;
/** The most lines of one attack. */
const MAX_LINES = 300;

/** Attacks until it is told to cease. */
export function hostile(world: World, { random, nodes, id, port, did }: HostileOptions): Attack {
  let isOver = false;
  /** What others said, to be said again. */
  const heard: string[] = [];
  let term = 1;

  const nextTerm = () => {
    const kind = random.integer(0, 5);
    if (kind === 0) return random.pick([2 ** 48, 2 ** 52, Number.MAX_SAFE_INTEGER, 2 ** 20 + 7]);
    if (kind === 1) return random.integer(0, 30);
    return term++;
  };

  const lie = (): PeerMessage => {
    const node = random.pick(nodes).id;
    const beat = {
      type: "beat",
      started: true,
      plain: random.chance(0.2),
      sentMs: random.integer(0, 30_000),
    } as const;
    return random.pick<() => PeerMessage>([
      () => ({ ...beat, term: nextTerm(), leader: node, standing: false, old: [] }),
      () => ({
        ...beat,
        term: nextTerm(),
        leader: 0,
        standing: random.chance(0.5),
        old: [random.pick(nodes).id],
      }),
      () => ({ type: "poll", term: nextTerm(), replaces: node }),
      () => ({ type: "poll-granted", term: nextTerm() }),
      () => ({ type: "vote-request", term: nextTerm(), replaces: node }),
      () => ({ type: "vote", term: nextTerm(), granted: random.chance(0.7) }),
      () => ({ type: "ack", term: nextTerm(), sentMs: random.integer(0, 60_000) }),
      () => ({ type: "claim", nonce: "0".repeat(32) }),
      () => ({ type: "claimed", nonce: "0".repeat(32), yours: true }),
      () => ({ type: "welcome" }),
      () => ({ type: "rejected", why: "no" }),
      () => ({ type: "files", version: random.integer(0, 9), count: 1, sha256: "0".repeat(64) }),
      () => ({ type: "bye" }),
    ])();
  };

  const line = () => {
    if (heard.length > 0 && random.chance(0.2)) {
      did("it said again what it had heard");
      return random.pick(heard);
    }
    if (random.chance(0.02)) return "PROOF " + "0".repeat(32) + " " + "0".repeat(64);
    did("it lied");
    return encodePeerMessage(lie());
  };

  /** Reads what comes, and keeps some of it. */
  const listen = async (connection: TcpConnection) => {
    const buffer = new Uint8Array(4096);
    for (;;) {
      const count = await connection.read(buffer);
      if (count === null) return;
      const text = new TextDecoder().decode(buffer.subarray(0, count));
      for (const said of text.split("\n")) {
        if (said !== "" && heard.length < 100) heard.push(said);
        const answer = yes(said);
        if (answer !== undefined) {
          await writeAll(connection, encoder.encode(encodePeerMessage(answer) + "\n"));
        }
      }
    }
  };

  /** It follows, and votes for, whoever asks. */
  const yes = (said: string): PeerMessage | undefined => {
    // Much of what comes is cut, or sealed: to find that out by an error takes longer than all the rest.
    const message = said.endsWith("}") ? decodePeerMessage(said) : null;
    switch (message?.type) {
      case "poll":
        return { type: "poll-granted", term: message.term };
      case "vote-request":
        return { type: "vote", term: message.term, granted: true };
      case "beat":
        return { type: "ack", term: message.term, sentMs: message.sentMs };
      case "claim":
        return { type: "claimed", nonce: message.nonce, yours: true };
      default:
        return undefined;
    }
  };

  const talk = async (connection: TcpConnection) => {
    const lines = random.pick([1, 3, 30, MAX_LINES]);
    for (let sent = 0; sent < lines && !isOver; sent++) {
      await writeAll(connection, encoder.encode(line() + "\n"));
      if (random.chance(0.3)) await delay(world, random.integer(1, 200));
    }
    if (random.chance(0.3)) await delay(world, random.integer(1, 4000));
  };

  const dial = async () => {
    const connection = await world.net.connectTcp(random.pick(nodes).address);
    try {
      const first = random.pick([
        greeting(random.pick(nodes).id),
        `ID:${random.pick(nodes).id}`,
        "SEND",
        "SE",
        "\u0000",
        "",
      ]);
      await writeAll(connection, encoder.encode(first));
      listen(connection).catch(() => {});
      if (first.endsWith("\n")) {
        did("it dialled as a node");
        await talk(connection);
      } else await delay(world, random.integer(1, 3000));
    } finally {
      connection.close();
    }
  };

  const attack = async () => {
    while (!isOver) {
      await dial().catch(() => {});
      await delay(world, random.integer(1, 300));
    }
  };

  /** A node like others, but that it votes for all, and follows all. */
  const agree = async (connection: TcpConnection) => {
    await writeAll(connection, encoder.encode(greetingAnswer(id, "0".repeat(32))));
    did("it voted for all");
    for (let beats = random.integer(5, 60); beats > 0 && !isOver; beats--) {
      await writeAll(connection, encoder.encode(IDLE_BEAT));
      await delay(world, 200);
    }
  };

  const answer = async (connection: TcpConnection) => {
    try {
      listen(connection).catch(() => {});
      const kind = random.integer(0, 6);
      if (kind === 0) await writeAll(connection, encoder.encode("x.txt\nLeader Node 1 files:\n"));
      else if (kind < 4) {
        await writeAll(
          connection,
          encoder.encode(greetingAnswer(random.chance(0.9) ? id : 1, "0".repeat(32))),
        );
        did("it answered as a node");
        await talk(connection);
      } else if (kind < 6) await agree(connection);
      else await delay(world, 3000);
    } finally {
      connection.close();
    }
  };

  const serve = async () => {
    const listener = world.net.listenTcp({ hostname: "::", port });
    while (!isOver) answer(await listener.accept()).catch(() => {});
    listener.close();
  };

  for (let count = 0; count < ATTACKS; count++) void attack();
  if (id !== 0) serve().catch(() => {});
  return { cease: () => isOver = true };
}
