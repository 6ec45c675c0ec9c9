/**
 * The chat's line and IRC doors beside the least that passes lines on, beside servers of Node, Erlang and
 * Python that do so, and beside ngircd and InspIRCd where these are installed.
 *
 * @module
 */
import { freePort } from "../_helpers.ts";
import { type Aim, aimAt, type Bench, type BenchOptions, type Row, rowOf } from "./_bench.ts";
import { PeerSubject } from "./_line_server.ts";
import { Process } from "./_process.ts";
import { FAN_OUT_PEERS, type PeerServer } from "./_server_peers.ts";

const ROUNDS = 3;
const RUN_MS = 1500;
const QUICK_RUN_MS = 100;
/** Lines of one sender that are on their way at once: the next goes out when its last reader has one. */
const WINDOW = 4;
const TEXT = "x".repeat(60);
const DIRECTORY = new URL("../../.tmp", import.meta.url).pathname;

/** Who passes lines on. */
export type Kind = Own | Foreign | PeerServer;

/** A door of ours, and the least that does the same. */
type Own = "line" | "irc" | "floor" | "irc floor";

/** A chat in a process of its own. */
interface Subject {
  /** With its version. */
  readonly name: string;
  readonly port: number;
  cpuMs(): Promise<number>;
  stop(): Promise<void>;
}

async function startOurs(kind: Own): Promise<Subject> {
  const process = Process.script("./_chat_subject.ts", ["-A"], [kind.endsWith("floor") ? "floor" : "chat"]);
  const ports: Record<"line" | "irc", number> = JSON.parse(await process.next());
  return {
    name: kind,
    port: ports[kind.startsWith("irc") ? "irc" : "line"],
    cpuMs: async () => Number(await process.ask("")),
    stop: () => process[Symbol.asyncDispose](),
  };
}

/** Starts a server, says its version or `absent`, and for each line of its input the CPU time it has used. */
const STARTER = `
import subprocess, sys
try: version = subprocess.run([sys.argv[1], "--version"], capture_output=True, text=True).stdout
except OSError: sys.exit(print("absent"))
child = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
print(version.split("\\n")[0], flush=True)
for _ in sys.stdin: print(int(open(f"/proc/{child.pid}/schedstat").read().split()[0]) / 1e6, flush=True)
child.kill()
child.wait()
`;

const FOREIGN_KINDS = ["ngircd", "inspircd"] as const;

/** An IRC server that is not ours; its set-up is `peers/NAME.conf`. */
type Foreign = typeof FOREIGN_KINDS[number];

const COMMANDS: Readonly<Record<Foreign, (config: string) => readonly string[]>> = {
  ngircd: (config) => ["ngircd", "-n", "-f", config],
  inspircd: (
    config,
  ) => ["inspircd", "--runasroot", "--nofork", "--nopid", "--nolog", "--config", config],
};

/** `undefined` where the server is not installed. */
async function startForeign(kind: Foreign): Promise<Subject | undefined> {
  const port = freePort();
  await Deno.mkdir(DIRECTORY, { recursive: true });
  const config = await Deno.makeTempFile({ dir: DIRECTORY });
  const setUp = await Deno.readTextFile(new URL(`./peers/${kind}.conf`, import.meta.url));
  await Deno.writeTextFile(config, setUp.replace("PORT", `${port}`));
  const process = new Process("/usr/bin/python3", ["-c", STARTER, ...COMMANDS[kind](config)]);
  const told = await process.next();
  const stop = async () => {
    await process[Symbol.asyncDispose]();
    await Deno.remove(config);
  };
  if (told === "absent") {
    await stop();
    return undefined;
  }
  let conn: Deno.Conn | undefined;
  for (let tries = 0; conn === undefined && tries < 500; tries++) {
    conn = await Deno.connect({ hostname: "127.0.0.1", port }).catch(() => undefined);
    if (conn === undefined) await new Promise((resolve) => setTimeout(resolve, 20));
  }
  conn?.close();
  const name = `${kind} ${/\d+(\.\d+)+/.exec(told)?.[0] ?? ""}`;
  return { name, port, cpuMs: async () => Number(await process.ask("")), stop };
}

/** One that passes lines on, and knows nothing of a chat. */
async function startPeer(peer: PeerServer): Promise<Subject | undefined> {
  const subject = await PeerSubject.start(peer, "chat");
  return subject && {
    name: subject.name,
    port: subject.port,
    cpuMs: async () => (await subject.usage()).cpuMs,
    stop: () => subject.stop(),
  };
}

/** `undefined` where it is not on this machine. */
async function start(kind: Kind): Promise<Subject | undefined> {
  if (typeof kind === "object") return await startPeer(kind);
  return isForeign(kind) ? await startForeign(kind) : await startOurs(kind);
}

function isForeign(kind: Kind): kind is Foreign {
  return kind === "ngircd" || kind === "inspircd";
}

/** Takes nothing of who has not said who he is. */
function isIrc(kind: Kind): boolean {
  return kind === "irc" || isForeign(kind);
}

/** A member: it counts the lines that it is sent, and says one more for each that its window allows. */
class Member {
  readonly conn: Deno.TcpConn;
  heard = 0;
  /** An IRC server has let it in: some take nothing that was sent ahead. */
  readonly welcome: Promise<void>;
  #welcomed: (() => void) | undefined;
  readonly #line: Uint8Array;
  readonly #onHeard: (heard: number) => void;
  #writing: Promise<void> = Promise.resolve();

  constructor(conn: Deno.TcpConn, kind: Kind, onHeard: (heard: number) => void) {
    this.conn = conn;
    this.#onHeard = onHeard;
    this.welcome = new Promise((resolve) => this.#welcomed = resolve);
    this.#line = new TextEncoder().encode(
      isIrc(kind) || kind === "irc floor" ? `PRIVMSG #lobby :${TEXT}\r\n` : `${TEXT}\n`,
    );
  }

  /** Writes all of it. */
  async write(bytes: Uint8Array): Promise<void> {
    for (let rest = bytes; rest.length > 0;) rest = rest.subarray(await this.conn.write(rest));
  }

  /** Says one more line, after those before it. */
  say(): void {
    this.#writing = this.#writing.then(() => this.write(this.#line)).catch(() => {});
  }

  /** Reads to the end of the connection. */
  async listen(): Promise<void> {
    const buffer = new Uint8Array(65536);
    for (let count; (count = await this.conn.read(buffer)) !== null;) {
      this.#lookForWelcome(buffer.subarray(0, count));
      let heard = 0;
      for (let at = -1; (at = buffer.subarray(0, count).indexOf(10, at + 1)) >= 0;) heard++;
      this.heard += heard;
      this.#onHeard(heard);
    }
  }

  #lookForWelcome(bytes: Uint8Array): void {
    if (this.#welcomed === undefined || !/^\S* 001 /m.test(new TextDecoder().decode(bytes))) return;
    this.#welcomed();
    this.#welcomed = undefined;
  }
}

async function enter(subject: Subject, kind: Kind, count: number, onHeard: (heard: number) => void) {
  const members: Member[] = [];
  const encoder = new TextEncoder();
  for (let index = 0; index < count; index++) {
    const conn = await Deno.connect({ hostname: "127.0.0.1", port: subject.port });
    conn.setNoDelay(true);
    const member = new Member(conn, kind, onHeard);
    members.push(member);
    member.listen().catch(() => {});
    if (kind === "line") await member.write(encoder.encode(`n${index}\n`));
    else if (isIrc(kind)) {
      await member.write(encoder.encode(`NICK n${index}\r\nUSER n 0 * :n\r\n`));
    }
  }
  if (!isIrc(kind)) return members;
  for (const member of members) {
    await member.welcome;
    await member.write(encoder.encode("JOIN #lobby\r\n"));
  }
  return members;
}

/** What all comings make is over once nobody hears more for a while. */
async function settle(members: readonly Member[], silentMs: number): Promise<void> {
  for (let before = -1, now = 0; before !== now;) {
    before = now;
    await new Promise((resolve) => setTimeout(resolve, silentMs));
    now = members.reduce((sum, { heard }) => sum + heard, 0);
  }
}

/** What passed. */
export interface Flow {
  /** Through whom. */
  readonly name: string;
  readonly perSecond: number;
  /** CPU time of the server for one delivery, in microseconds. */
  readonly cpu: number;
}

/** As many lines as pass while so many of each sender are on their way. */
export async function flow(
  kind: Kind,
  count: number,
  senders: number,
  runMs: number,
): Promise<Flow | undefined> {
  const subject = await start(kind);
  if (subject === undefined) return undefined;
  let onHeard: (heard: number) => void = () => {};
  const members = await enter(subject, kind, count, (heard) => onHeard(heard));
  await settle(members, Math.min(500, runMs));
  const speakers = members.slice(0, senders);
  let [sent, next, isOver] = [0, 0, false];
  let delivered = 0;
  const pump = () => {
    // On average: what has been delivered counts for as many lines as it takes to tell all others of them.
    const reached = delivered / (count - 1);
    for (; !isOver && sent - reached < WINDOW * senders; sent++) speakers[next++ % senders]?.say();
  };
  onHeard = (heard) => {
    delivered += heard;
    pump();
  };
  pump();
  const measure = async (ms: number) => {
    const [cpuMs, at, from] = [await subject.cpuMs(), performance.now(), delivered];
    await new Promise((resolve) => setTimeout(resolve, ms));
    const deliveries = delivered - from;
    const seconds = (performance.now() - at) / 1000;
    const cpu = (await subject.cpuMs() - cpuMs) * 1000 / deliveries;
    return { name: subject.name, perSecond: deliveries / seconds, cpu };
  };
  // What runs often is compiled first.
  await measure(runMs);
  const flow = await measure(runMs);
  isOver = true;
  for (const { conn } of members) conn.close();
  await subject.stop();
  return flow;
}

async function compare(count: number, senders: number, { quick, peers }: BenchOptions): Promise<Row[]> {
  // That others run at all is seen at one shape.
  const hasPeers = peers && (!quick || count === 100);
  const [lineServers, ircServers] = hasPeers ? [FAN_OUT_PEERS, FOREIGN_KINDS] : [[], []];
  const kinds: readonly Kind[] = ["floor", "line", "irc floor", "irc", ...ircServers, ...lineServers];
  const flows = new Map<Kind, Flow[]>(kinds.map((kind) => [kind, []]));
  for (let round = 0; round < (quick ? 1 : ROUNDS); round++) {
    for (const kind of kinds) {
      const measured = await flow(kind, count, senders, quick ? QUICK_RUN_MS : RUN_MS);
      if (measured !== undefined) flows.get(kind)?.push(measured);
    }
  }
  const figures = (kind: Kind, key: "perSecond" | "cpu") => (flows.get(kind) ?? []).map((flow) => flow[key]);
  const others = (kind: "line" | "irc", key: "perSecond" | "cpu") =>
    new Map(
      [...ircServers, ...kind === "line" ? lineServers : []].flatMap((other) => {
        const name = flows.get(other)?.[0]?.name;
        return name === undefined ? [] : [[name, figures(other, key)] as const];
      }),
    );
  return (["line", "irc"] as const).flatMap((kind): Row[] => {
    const row = (name: string, unit: string, key: "perSecond" | "cpu", aim?: Aim): Row =>
      rowOf({
        name: `chat, ${count}, ${senders} talk, ${kind}: ${name}`,
        unit,
        values: figures(kind, key),
        floors: figures(kind === "irc" ? "irc floor" : "floor", key),
        peers: others(kind, key),
        aim,
      });
    return [
      row("fan-out", "deliveries/s", "perSecond"),
      row("CPU a delivery", "µs", "cpu", aimAt("ratio", "<=", 1.15)),
    ];
  });
}

/** The chat's benchmarks. */
export const benches: Bench[] = [
  { name: "chat, 100 members, 10 talk", run: (options) => compare(100, 10, options) },
  { name: "chat, 200 members, 200 talk", run: (options) => compare(200, 200, options) },
];
