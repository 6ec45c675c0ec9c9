/**
 * Who gives and who takes in the benchmark of file sharing: our nodes, aria2c, libtorrent, a seed of no more
 * than a page.
 *
 * @module
 */
import { ARIA2_FLAGS } from "../_aria2.ts";
import { hashFile } from "../../actors/sharing/hash_file.ts";
import { denoWorld } from "../../actors/world/deno/mod.ts";
import { encodeInfo, encodeMetainfo } from "../../protocols/metainfo.ts";
import { FixedTracker } from "../sharing/_tracker.ts";
import { freePort, root, startProcess, type TempDirectory, type TestProcess, until } from "../_helpers.ts";

/** The file that everybody gives and takes. */
export const FILE = "payload.bin";
const PYTHON = "/usr/bin/python3";
const LIBTORRENT = `${root}tests/interop/_libtorrent.py`;
/** A node that is not frozen answers within this time. */
const ANSWER_MS = 5000;

/** A torrent of the file whose tracker names the seeds that are given. */
export interface Torrent extends AsyncDisposable {
  readonly path: string;
  readonly pieceLength: number;
}

/** Makes a torrent, with a tracker that knows these seeds. */
export async function makeTorrent(
  directory: TempDirectory,
  file: string,
  ports: readonly number[],
): Promise<Torrent> {
  const { pieceLength, pieces, length } = await hashFile(denoWorld(), file, new AbortController().signal);
  const tracker = new FixedTracker(ports, 60);
  const info = encodeInfo({ name: FILE, pieceLength, pieces, length });
  const path = directory.file(`${tracker.port}.torrent`);
  await Deno.writeFile(path, encodeMetainfo(info, [[tracker.url]]));
  return { path, pieceLength, [Symbol.asyncDispose]: () => tracker[Symbol.asyncDispose]() };
}

/** Where one benchmark has its files, and how long it waits for anything. */
export interface SharingPlace {
  readonly directory: TempDirectory;
  /** Holds {@linkcode FILE}. */
  readonly seedDirectory: string;
  readonly limitMs: number;
}

/** Nodes of ours that give what is in their folders, of which the first leads. */
export class OurNodes implements AsyncDisposable {
  readonly nodes: string;
  readonly #ports: readonly number[];
  readonly #processes: TestProcess[] = [];
  readonly #place: SharingPlace;

  constructor(place: SharingPlace, count: number) {
    this.#place = place;
    this.#ports = Array.from({ length: count }, freePort);
    this.nodes = this.#ports.map((port, index) => `${index + 1}=127.0.0.1:${port}`).join(",");
  }

  /**
   * Starts nodes that have the file in `seedDirectory`, and perhaps one more that has not, and resolves once
   * the leader lists them all.
   */
  static async start(place: SharingPlace, count: number, withTaker = false): Promise<OurNodes> {
    const ours = new OurNodes(place, withTaker ? count + 1 : count);
    try {
      for (let id = 1; id <= ours.#ports.length; id++) await ours.#start(id, id <= count);
      await ours.#until(async () => await ours.#holders() === count, "the nodes offer the file");
      return ours;
    } catch (error) {
      await ours[Symbol.asyncDispose]();
      throw error;
    }
  }

  async #start(id: number, hasFile: boolean): Promise<void> {
    const { directory, seedDirectory } = this.#place;
    // A node has its folder to itself.
    const own = id === 1 ? seedDirectory : this.#directoryOf(id);
    if (id > 1) await Deno.mkdir(own);
    if (id > 1 && hasFile) await Deno.copyFile(`${seedDirectory}/${FILE}`, `${own}/${FILE}`);
    const port = this.#ports[id - 1] ?? 0;
    const flags = [
      ...["--nodes", this.nodes, "--dir", own, "--log", directory.file("log"), "--wait-ms", "500"],
      ...["--memory", directory.file(`memory-${crypto.randomUUID()}`)],
      // Ports that are named and taken end the node; with others it would go on without its sharing.
      ...["--swarm-port", `${port + 1000}`, "--http-port", `${port + 2000}`],
    ];
    this.#processes.push(
      startProcess(Deno.execPath(), ["run", "-q", "-A", `${root}tasks/peer.ts`, String(id), ...flags]),
    );
  }

  /** Fails at once when one of the nodes has ended, and says what all of them have said. */
  async #until(condition: () => Promise<boolean>, what: string): Promise<void> {
    const holds = () => {
      for (const process of this.#processes) process.assertRuns();
      return condition();
    };
    try {
      await until(holds, what, this.#place.limitMs);
    } catch (error) {
      throw new Error(`${error}\n${await this.#report()}`, { cause: error });
    }
  }

  /** How each node stands, for who wants to know why nothing comes. */
  async #report(): Promise<string> {
    const reports = this.#processes.map(async (process, index) => {
      const port = (this.#ports[index] ?? 0) + 2000;
      const answers = ["/files", "/share", "/swarm/status"].map(async (path) =>
        `${path}: ${await ask(port, path).then((answer) => answer.text()).catch(String)}`
      );
      return `Node ${index + 1}\n${(await Promise.all(answers)).join("\n")}${process.said}`;
    });
    return (await Promise.all(reports)).join("\n");
  }

  #directoryOf(id: number): string {
    return this.#place.directory.file(`node-${this.#ports[0]}-${id}`);
  }

  /** Where the first listens for peers. */
  get swarmPort(): number {
    return (this.#ports[0] ?? 0) + 1000;
  }

  /** Where the first serves HTTP. */
  get httpPort(): number {
    return (this.#ports[0] ?? 0) + 2000;
  }

  /** Where the last does. */
  get takerHttpPort(): number {
    return (this.#ports.at(-1) ?? 0) + 2000;
  }

  /** The path of the `.torrent` that the leader makes of the file. */
  async torrent(): Promise<string> {
    const path = this.#place.directory.file("leader.torrent");
    await Deno.writeFile(path, await (await ask(this.httpPort, `/torrents/${FILE}.torrent`)).bytes());
    return path;
  }

  /** Has the last node itself fetch the file, and takes that away from it again. */
  async take(): Promise<void> {
    const taker = this.#processes.at(-1);
    await taker?.type(`get ${FILE}`);
    await taker?.line(`Fetched ${FILE}`, this.#place.limitMs);
    await Deno.remove(`${this.#directoryOf(this.#ports.length)}/${FILE}`);
  }

  /** Has the first node hash the file once more, under another name, and takes that away from it again. */
  async hash(): Promise<void> {
    const again = `again-${FILE}`;
    const path = `${this.#place.seedDirectory}/${again}`;
    await Deno.link(`${this.#place.seedDirectory}/${FILE}`, path);
    await this.#until(async () => await this.#holders(again) === 1, "the file to be hashed");
    await Deno.remove(path);
    // Until then the torrent of these bytes has the other name, under which it would be fetched.
    await this.#until(async () => await this.#holders(again) === 0, "the other name to be gone");
  }

  async #holders(of = FILE): Promise<number> {
    try {
      const files: { name: string; holders: number[] }[] = await (await ask(this.httpPort, "/files")).json();
      return files.find(({ name }) => name === of)?.holders.length ?? 0;
    } catch {
      return 0;
    }
  }

  /** Has another process of ours fetch the file. */
  async get(out: string): Promise<void> {
    try {
      await oursGets(FILE, out, { nodes: this.nodes, limitMs: this.#place.limitMs });
    } catch (error) {
      throw new Error(`${error}\n${await this.#report()}`, { cause: error });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#processes.map((process) => process[Symbol.asyncDispose]()));
  }
}

/** What a node answers over HTTP. */
function ask(port: number, path: string): Promise<Response> {
  return fetch(`http://127.0.0.1:${port}${path}`, { signal: AbortSignal.timeout(ANSWER_MS) });
}

/** One fetch of ours, in a process of its own. */
export async function oursGets(
  what: string,
  out: string,
  { nodes = `1=127.0.0.1:${freePort()}`, limitMs }: { readonly nodes?: string; readonly limitMs: number },
): Promise<void> {
  const flags = ["--nodes", nodes, "--dir", out];
  await using process = startProcess(Deno.execPath(), [
    ...["run", "-q", "-A", `${root}tasks/peer.ts`, "1", "get", what, ...flags],
  ]);
  const { code, stderr } = await process.ended(limitMs);
  if (code !== 0) throw new Error(`Cannot fetch: ${stderr}`);
}

/** aria2c, giving the file in a folder. */
export async function aria2Seeds(
  torrent: string,
  { seedDirectory, limitMs }: SharingPlace,
  port: number,
): Promise<TestProcess> {
  const process = startProcess("aria2c", [
    ...ARIA2_FLAGS,
    "--disk-cache=64M",
    "--check-integrity",
    "--seed-ratio=0",
    "--seed-time=9999",
    `--listen-port=${port}`,
    `--dir=${seedDirectory}`,
    torrent,
  ]);
  await process.shows("Verification finished successfully", limitMs);
  return process;
}

/** aria2c, taking. */
export async function aria2Gets(torrent: string, out: string, limitMs: number): Promise<void> {
  await using process = startProcess("aria2c", [
    ...ARIA2_FLAGS,
    "--disk-cache=64M",
    "--seed-time=0",
    `--listen-port=${freePort()}`,
    `--dir=${out}`,
    torrent,
  ]);
  const { code, stdout } = await process.ended(limitMs);
  if (code !== 0) throw new Error(`Cannot download by aria2c: ${stdout}`);
}

/** libtorrent, taking. */
export async function libtorrentGets(torrent: string, out: string, limitMs: number): Promise<void> {
  await Deno.mkdir(out, { recursive: true });
  await using process = startProcess(PYTHON, [LIBTORRENT, "get", torrent, out, "0", "plain"]);
  await process.line("complete", limitMs);
}

/** Whether a program is here that can do this. */
export async function hasLibtorrent(): Promise<boolean> {
  try {
    const args = ["-c", "import libtorrent"];
    return (await new Deno.Command(PYTHON, { args, stdout: "null", stderr: "null" }).output()).success;
  } catch {
    return false;
  }
}
