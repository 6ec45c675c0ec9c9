/**
 * Every service on one simulated machine, and strangers who come to its doors with bytes of their own.
 *
 * @module
 */
import { calculatorServer } from "../../actors/calculator/mod.ts";
import { chatServer } from "../../actors/chat/mod.ts";
import { echoServer } from "../../actors/echo/mod.ts";
import { editorServer } from "../../actors/editor/mod.ts";
import { yjsReplica } from "../../actors/editor/yjs_replica.ts";
import { peer } from "../../actors/election/mod.ts";
import { knockServer } from "../../actors/knock/mod.ts";
import type { TcpLimits } from "../../actors/net/mod.ts";
import { recordsServer } from "../../actors/records/mod.ts";
import { sharing } from "../../actors/sharing/mod.ts";
import type { Program, SimHost, SimWorld, World } from "../../actors/world/sim/mod.ts";
import type { TcpConnection } from "../../actors/world/world.ts";
import { type Behavior, escalate, type Ref, registryKey } from "../../mod.ts";
import type { ElectionNotice, SubscribeElection } from "../../protocols/election_events.ts";
import { PLACES } from "../records/_store.ts";
import { delay, service, type Stoppable, writeAll } from "./_harness.ts";

/** The machine with all the services. */
export const HOUSE = "house";
/**
 * Strangers come by IPv4: all simulated addresses of IPv6 are of one /64 network, and so one peer to whoever
 * counts peers.
 */
export const HOUSE_ADDRESS = "10.0.0.1";
/** What records and the editor's web door ask for. */
export const TOKEN = "open sesame";
export const DOCUMENT = "/docs/document.txt";

/** A door, and what it takes. */
export interface SimDoor {
  readonly port: number;
  readonly speaks: "anything" | "lines" | "json" | "irc" | "http" | "peers" | "swarm";
}

/** The doors on TCP, by the names of `tests/faults/_every_door.ts`. */
export const SIM_DOORS = {
  "echo": { port: 7000, speaks: "anything" },
  "editor": { port: 8081, speaks: "lines" },
  "knock": { port: 5007, speaks: "lines" },
  "calculator": { port: 5008, speaks: "lines" },
  "chat": { port: 5000, speaks: "lines" },
  "chat, IRC": { port: 6667, speaks: "irc" },
  "records": { port: 12_000, speaks: "json" },
  "editor, web": { port: 8088, speaks: "http" },
  "chat, web": { port: 8089, speaks: "http" },
  "peer": { port: 8080, speaks: "peers" },
  "sharing": { port: 9080, speaks: "swarm" },
  "tracker": { port: 10_080, speaks: "http" },
} as const satisfies Record<string, SimDoor>;

/** The name of a door. */
export type SimDoorName = keyof typeof SIM_DOORS;

/** How many, how long, how often. */
export interface HouseOptions {
  readonly limits: Partial<TcpLimits>;
  readonly requestTimeoutMs: number;
  readonly pingIntervalMs: number;
}

/** Starts every service on one machine. */
export function startHouse(sim: SimWorld, options: HouseOptions): SimHost {
  const house = sim.host(HOUSE);
  if (!house.addresses.includes(HOUSE_ADDRESS)) throw new Error(`Cannot find ${HOUSE}: it is made too late`);
  house.disk.makeDirectory(PLACES.filesDirectory);
  house.disk.makeDirectory(PLACES.recordDirectory);
  house.disk.makeDirectory("/chat");
  house.disk.write(DOCUMENT, "");
  house.disk.write("/data/Node1/1_1.txt", "shared");
  const all = programs(options);
  house.start((world) => {
    for (const program of all) program(world);
  });
  return house;
}

function programs({ limits, requestTimeoutMs, pingIntervalMs }: HouseOptions): Program<Stoppable>[] {
  const at = (door: SimDoorName) => ({ hostname: "::", port: SIM_DOORS[door].port });
  const lines = (door: SimDoorName) => ({ address: at(door), limits });
  const web = (door: SimDoorName) => ({
    address: at(door),
    hosts: [HOUSE],
    limits: { ...limits, requestTimeoutMs, pingIntervalMs },
  });
  return [
    service("echo", () => echoServer({ ...lines("echo"), udp: true })),
    service("editor", () =>
      editorServer({
        ...lines("editor"),
        file: DOCUMENT,
        web: { ...web("editor, web"), token: TOKEN, replica: () => Promise.resolve(yjsReplica) },
      })),
    service("knock", () => knockServer(lines("knock"))),
    service("calculator", () => calculatorServer(lines("calculator"))),
    service("chat", () =>
      chatServer({
        ...lines("chat"),
        rate: { perSecond: 2, burst: 6 },
        web: web("chat, web"),
        irc: { address: at("chat, IRC"), pingIntervalMs },
        historyFile: "/chat/history",
      })),
    service("records", () =>
      recordsServer({
        ...PLACES,
        address: at("records"),
        token: TOKEN,
        limits,
        maxConnections: limits.maxClients ?? 1000,
      })),
    service("node", () => node(limits)),
  ];
}

/** The only node of its network, which leads, and shares. */
function node(limits: Partial<TcpLimits>): Behavior<never> {
  const directory = "/data/Node1";
  const election = registryKey<SubscribeElection<Ref<ElectionNotice>>>("strangers-election");
  const address = { hostname: HOUSE, port: SIM_DOORS.peer.port };
  return (self) => {
    self.spawn(
      "election",
      peer({
        id: 1,
        nodes: [{ id: 1, address }],
        listen: { hostname: "::", port: address.port },
        directory,
        logPath: "/data/Peer_files.log",
        feedKey: election,
        limits,
      }),
      { onFailure: escalate() },
    );
    self.spawn(
      "sharing",
      sharing({
        id: 1,
        nodes: [{ id: 1, http: { hostname: HOUSE, port: SIM_DOORS.tracker.port } }],
        directory,
        swarm: { hostname: "::", port: SIM_DOORS.sharing.port },
        http: { hostname: "::", port: SIM_DOORS.tracker.port },
        election,
        webHosts: [HOUSE],
      }),
      { onFailure: escalate() },
    );
    return () => {};
  };
}

const encoder = new TextEncoder();
/** How often somebody who waits looks. */
const LOOK_MS = 20;

/** A connection in the hands of a stranger: any bytes, in any pieces, and all that is heard. */
export class Wire {
  /** All that came, as UTF-8. */
  heard = "";
  /** The other side has ended it, or broken it. */
  isEnded = false;
  readonly #world: World;
  readonly #connection: TcpConnection;

  private constructor(world: World, connection: TcpConnection) {
    this.#world = world;
    this.#connection = connection;
    this.#listen();
  }

  /** Connects to a port of a host, or one of its addresses. */
  static async open(world: World, port: number, hostname = HOUSE_ADDRESS): Promise<Wire> {
    return new Wire(world, await world.net.connectTcp({ hostname, port }));
  }

  async #listen(): Promise<void> {
    const decoder = new TextDecoder();
    const buffer = new Uint8Array(8192);
    try {
      for (;;) {
        const count = await this.#connection.read(buffer);
        if (count === null) break;
        this.heard += decoder.decode(buffer.subarray(0, count), { stream: true });
      }
    } catch {
      // Reset: as good as ended.
    }
    this.isEnded = true;
  }

  /** Sends all of it; whether it arrives is another question. */
  async send(content: string | Uint8Array): Promise<void> {
    try {
      await writeAll(this.#connection, typeof content === "string" ? encoder.encode(content) : content);
    } catch {
      // The other side has closed.
    }
  }

  /** Waits until the condition holds; says whether it did in time. */
  async until(condition: () => boolean, limitMs: number): Promise<boolean> {
    for (let spentMs = 0; !condition(); spentMs += LOOK_MS) {
      if (spentMs > limitMs) return false;
      await delay(this.#world, LOOK_MS);
    }
    return true;
  }

  /** Waits until the other side has ended it. */
  ends(limitMs: number): Promise<boolean> {
    return this.until(() => this.isEnded, limitMs);
  }

  /** Waits until a pattern was heard. */
  hears(pattern: RegExp, limitMs: number): Promise<boolean> {
    return this.until(() => pattern.test(this.heard), limitMs);
  }

  close(): void {
    this.#connection.close();
  }
}
