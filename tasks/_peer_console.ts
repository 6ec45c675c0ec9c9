/**
 * What is typed at a running peer.
 *
 * @module
 */
import { networkFiles, type SharingCommand, type SharingNode } from "../actors/sharing/mod.ts";
import type { ElectionNotice, SubscribeElection } from "../protocols/election_events.ts";
import {
  type ActorSystem,
  type Behavior,
  errorText,
  type Ref,
  type RegistryKey,
  withPrivateMessages,
  type World,
} from "../mod.ts";
import { fileTable, getAt } from "./_peer_commands.ts";

/** What the console is given. */
export interface ConsoleOptions {
  readonly world: World;
  readonly nodes: readonly SharingNode[];
  readonly election: RegistryKey<SubscribeElection<Ref<ElectionNotice>>>;
  readonly sharing: RegistryKey<SharingCommand>;
  readonly print: (line: string) => void;
  /** Stops the node. */
  readonly quit: () => void;
}

const HELP = "get NAME, files, leader, peers, quit";

/** Reads commands until the input ends; the node goes on without. */
export async function readConsole(
  system: ActorSystem,
  input: ReadableStream<Uint8Array<ArrayBuffer>>,
  options: ConsoleOptions,
): Promise<void> {
  const watch = system.spawn("console", electionWatch(options.election));
  let rest = "";
  let count = 0;
  for await (const text of input.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) await obey(line.trim(), system, watch, options, ++count);
  }
}

async function obey(
  line: string,
  system: ActorSystem,
  watch: Ref<WatchCommand>,
  options: ConsoleOptions,
  count: number,
): Promise<void> {
  const { print, nodes, world } = options;
  const [command = "", ...words] = line.split(/\s+/);
  const what = line.slice(command.length).trim();
  switch (command) {
    case "":
      return;
    case "get": {
      const node = system.registry.find(options.sharing);
      if (node === undefined) return print("This node does not share files.");
      return what === "" ? print("get takes a name") : getAt(node, system, `get-${count}`, what, print);
    }
    case "files":
      try {
        for (const row of fileTable(await networkFiles({ world, nodes, signal: AbortSignal.any([]) }))) {
          print(row);
        }
      } catch (error) {
        print(errorText(error));
      }
      return;
    case "leader":
    case "peers":
      if (words.length > 0) return print(`${command} takes nothing`);
      return print((await watch.ask({ type: "get-state" }, { timeoutMs: 1000 }))[command]);
    case "quit":
      return options.quit();
    default:
      return print(`Unknown command ${JSON.stringify(command)}: ${HELP}`);
  }
}

/** What the election last told, as text. */
interface ElectionState {
  readonly leader: string;
  readonly peers: string;
}

type WatchCommand = { readonly type: "get-state"; readonly replyTo: Ref<ElectionState> };
type Private =
  | ElectionNotice
  | {
    readonly type: "election-found";
    readonly ref: Ref<SubscribeElection<Ref<ElectionNotice>>> | undefined;
  };

/** Remembers what the election tells. */
function electionWatch(key: ConsoleOptions["election"]): Behavior<WatchCommand> {
  return withPrivateMessages<WatchCommand, Private>((self) => {
    let leader = "No leader is known.";
    let peers = "No peers are known.";
    self.watchKey(key, (ref) => ({ type: "election-found", ref }));
    return (message) => {
      switch (message.type) {
        case "election-found":
          return message.ref?.tell({ type: "subscribe", subscriber: self.self });
        case "leader-known":
          leader = `Node ${message.leader} leads${message.isSelf ? ", this node" : ""}.`;
          return;
        case "leader-lost":
          leader = "No leader is known.";
          return;
        case "members-changed":
          peers = message.members.map((id) => `Node ${id}`).join(", ") || "No peers are known.";
          return;
        case "get-state":
          return message.replyTo.tell({ leader, peers });
      }
    };
  });
}
