/**
 * What a person asks of the network: `get`, `files` and `share`, as commands of their own and typed at a
 * running node.
 *
 * @module
 */
import {
  type CatalogFile,
  type DownloadNotice,
  fetchOnce,
  networkFiles,
  shareFile,
  type SharingNode,
} from "../actors/sharing/mod.ts";
import { ActorSystem, type Behavior, errorText, type Ref, type World } from "../mod.ts";
import { visibleText } from "../protocols/visible_text.ts";
import { formatByteSize } from "../protocols/byte_size.ts";
import { progressLine, ProgressPrinter } from "./_progress.ts";
import { type Command, Failure, UsageError } from "./_cli.ts";

/** What commands are given. */
export interface PeerCommandOptions {
  readonly world: World;
  readonly nodes: readonly SharingNode[];
  readonly directory: string;
  /** Where to listen for peers while something is fetched; port 0 takes any free one. */
  readonly hostname: string;
  readonly swarmPort: number | undefined;
  readonly up: number;
  readonly down: number;
  readonly json: boolean;
  /** Prints a line. */
  readonly print: (line: string) => void;
}

/** The commands, for usage errors. */
const COMMANDS = "get NAME | get FILE.torrent | get 'magnet:…' | files | share FILE";

/** Starts a command: what runs until it is done, and fails with a {@linkcode Failure}. */
export function startPeerCommand(words: readonly string[], options: PeerCommandOptions): Command {
  const [command, what] = words;
  switch (command) {
    case "get":
      if (what === undefined) throw new UsageError("get takes a name, a .torrent file or a magnet link");
      return startGet(what, options);
    case "files":
      return startTask((signal) => printFiles(options, signal));
    case "share":
      if (what === undefined) throw new UsageError("share takes a file");
      return startTask((signal) => share(what, options, signal));
    default:
      throw new UsageError(`Unknown command ${command}: it takes ${COMMANDS}`);
  }
}

function startTask(run: (signal: AbortSignal) => Promise<void>): Command {
  const leaving = new AbortController();
  const done = run(leaving.signal).catch((error: unknown) => {
    throw new Failure(errorText(error));
  });
  return {
    done,
    stop: () => {
      leaving.abort(new Failure("Stopped"));
      return done.catch(() => {});
    },
  };
}

function startGet(what: string, options: PeerCommandOptions): Command {
  const { nodes, directory, hostname, swarmPort = 0, up, down, json, print } = options;
  const { promise: over, resolve, reject } = Promise.withResolvers<void>();
  const printer = new ProgressPrinter({ json, print });
  const world = { ...options.world, log: printer.above(options.world.log) };
  const system = new ActorSystem("get", { world });
  const observer: Behavior<DownloadNotice> = () => (notice) => {
    printer.show(notice);
    if (notice.type === "download-done") resolve();
    else if (notice.type === "download-failed") reject(new Failure(notice.reason));
  };
  const ref = system.spawn("observer", observer);
  const listen = { hostname, port: swarmPort };
  const fetching = async () => {
    await world.disk.makeDirectory(directory, { recursive: true });
    system.spawn(
      "fetch",
      fetchOnce({ what, directory, nodes, listen, maxUpload: up, maxDownload: down, observer: ref }),
    );
    try {
      await Promise.race([over, system.terminated]);
    } finally {
      printer.end();
      await system.stop();
    }
  };
  const done = fetching();
  const stop = async () => {
    await system.stop();
    await done.catch(() => {});
    if (!json) print("Stopped: the next get of it goes on with what is there");
  };
  return { done, stop };
}

async function printFiles(options: PeerCommandOptions, signal: AbortSignal): Promise<void> {
  const { world, nodes, json, print } = options;
  const files = await networkFiles({ world, nodes, signal });
  for (const line of json ? files.map((file) => JSON.stringify(file)) : fileTable(files)) print(line);
}

/** The files of the network as a table for people. */
export function fileTable(files: readonly CatalogFile[]): string[] {
  if (files.length === 0) return ["Nobody has a file."];
  const rows = files.map((
    { name, bytes, nodes },
  ) => [visibleText(name), formatByteSize(bytes), `Node ${nodes.join(", ")}`]);
  const table = [["NAME", "SIZE", "WHO HAS IT"], ...rows];
  const widths = [0, 1].map((column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  return table.map(([name = "", size = "", who = ""]) =>
    `${name.padEnd(widths[0] ?? 0)}  ${size.padStart(widths[1] ?? 0)}  ${who}`
  );
}

async function share(path: string, options: PeerCommandOptions, signal: AbortSignal): Promise<void> {
  const { world, nodes, directory, json, print } = options;
  const { torrentPath, magnet, infoHash } = await shareFile(path, { world, nodes, directory, signal });
  if (json) return print(JSON.stringify({ torrent: torrentPath, magnet, infoHash }));
  print(`Written ${torrentPath}`);
  print(magnet);
}

/** Fetches something at a running node, and prints how it goes. */
export function getAt(
  node: Ref<{ readonly type: "get"; readonly what: string; readonly observer: Ref<DownloadNotice> }>,
  system: ActorSystem,
  name: string,
  what: string,
  print: (line: string) => void,
): void {
  const observer: Behavior<DownloadNotice> = (self) => {
    let isTold = false;
    return (notice) => {
      switch (notice.type) {
        case "download-progress":
          if (isTold) return;
          isTold = true;
          return print(progressLine(notice.status));
        case "download-note":
          return print(visibleText(notice.text));
        case "download-done":
          print(`Fetched ${visibleText(notice.name)}`);
          return self.stop();
        case "download-failed":
          print(visibleText(notice.reason));
          return self.stop();
      }
    };
  };
  node.tell({ type: "get", what, observer: system.spawn(name, observer) });
}
