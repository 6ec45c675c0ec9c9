/**
 * A fan-out of lines with no actor, on one core or several: only what `_rooms_load.ts` needs of a chat.
 * Called with the number of cores. Each core is a worker with a listener of the same port; a line goes to the
 * others as it does in the chat, those of one turn of the loop in one message. Where there are several, the
 * first thread keeps each line, and says so, before anybody is told: a core that dies takes none with it. For
 * each line of its input it prints what each of its threads has used so far.
 *
 * @module
 */
import { setImmediate } from "node:timers";
import { threadUsage } from "./_thread_usage.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A line of a room, as its members read it. */
type Line = readonly [room: string, text: string];

/** Sends what is pushed in one turn as one list. */
function outbox(port: MessagePort): (line: Line) => void {
  let waiting: Line[] = [];
  return (line) => {
    if (waiting.push(line) > 1) return;
    setImmediate(() => {
      const lines = waiting;
      waiting = [];
      port.postMessage(lines);
    });
  };
}

/** A core: rooms, and the connections that came in here. */
function serve(scope: WorkerScope, { port, peers, keeper }: Start): void {
  const rooms = new Map<string, Set<Deno.Conn>>();
  const tell = ([room, text]: Line, except?: Deno.Conn) => {
    const bytes = encoder.encode(text);
    for (const member of rooms.get(room) ?? []) if (member !== except) void member.write(bytes);
  };
  const others = peers.map(outbox);
  for (const peer of peers) {
    peer.onmessage = ({ data }: MessageEvent<Line[]>) => {
      for (const line of data) tell(line);
    };
  }
  const keep = keeper && outbox(keeper);
  const talkers: Deno.Conn[] = [];
  const spread = (line: Line, talker: Deno.Conn | undefined) => {
    tell(line, talker);
    for (const other of others) other(line);
  };
  if (keeper !== undefined) {
    // It answers in order.
    keeper.onmessage = ({ data }: MessageEvent<Line[]>) => {
      for (const line of data) spread(line, talkers.shift());
    };
  }
  const said = (line: Line, talker: Deno.Conn) => {
    if (keep === undefined) return spread(line, talker);
    talkers.push(talker);
    keep(line);
  };
  const receive = async (connection: Deno.Conn) => {
    const buffer = new Uint8Array(4096);
    let [name, room, rest] = ["", "", ""];
    for (let count; (count = await connection.read(buffer)) !== null;) {
      const lines = (rest + decoder.decode(buffer.subarray(0, count))).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        if (name === "") name = line;
        else if (line.startsWith("/join ")) {
          room = line.slice(6);
          const members = rooms.get(room) ?? new Set();
          rooms.set(room, members.add(connection));
        } else said([room, `${name}: ${line}\n`], connection);
      }
    }
  };
  const listener = Deno.listen({ hostname: "127.0.0.1", port, reusePort: true });
  scope.postMessage(listener.addr.port);
  (async () => {
    for await (const connection of listener) void receive(connection);
  })();
}

/** What the types of a window lack. */
interface WorkerScope {
  postMessage(port: number): void;
  onmessage: (event: MessageEvent<Start>) => void;
}

function isWorkerScope(scope: unknown): scope is WorkerScope {
  return "WorkerGlobalScope" in globalThis && scope === globalThis;
}

/** What a worker begins with. */
interface Start {
  readonly port: number;
  readonly peers: readonly MessagePort[];
  readonly keeper: MessagePort | undefined;
}

async function main(cores: number): Promise<void> {
  const ports = Array.from({ length: cores }, (): MessagePort[] => []);
  for (let left = 0; left < cores; left++) {
    for (let right = left + 1; right < cores; right++) {
      const { port1, port2 } = new MessageChannel();
      ports[left]?.push(port1);
      ports[right]?.push(port2);
    }
  }
  const kept: string[] = [];
  let listening = 0;
  for (const peers of ports) {
    const worker = new Worker(import.meta.url, { type: "module", deno: { permissions: "inherit" } });
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = ({ data }: MessageEvent<Line[]>) => {
      for (const [, text] of data) kept[kept.length % 1000] = text;
      port1.postMessage(data);
    };
    const start: Start = { port: listening, peers, keeper: cores > 1 ? port2 : undefined };
    const answer = Promise.withResolvers<number>();
    worker.onmessage = ({ data }: MessageEvent<number>) =>
      data === 0 ? worker.postMessage(start, [...peers, port2]) : answer.resolve(data);
    listening = await answer.promise;
  }
  console.log(`listening on port ${listening}`);
  for await (const _ of Deno.stdin.readable) console.log(JSON.stringify(threadUsage()));
  Deno.exit(0);
}

const thisScope: unknown = globalThis;
if (isWorkerScope(thisScope)) {
  thisScope.onmessage = ({ data }) => serve(thisScope, data);
  thisScope.postMessage(0);
} else await main(Number(Deno.args[0]));
