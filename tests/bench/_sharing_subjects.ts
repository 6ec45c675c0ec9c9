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
const LIMIT_MS = 600_000;

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

/** Nodes of ours that give what is in their folders, of which the first leads. */
export class OurNodes implements AsyncDisposable {
  readonly nodes: string;
  readonly #ports: readonly number[];
  readonly #processes: TestProcess[] = [];
  readonly #directory: TempDirectory;
  readonly #seedDirectory: string;

  constructor(directory: TempDirectory, count: number, seedDirectory: string) {
    this.#directory = directory;
    this.#seedDirectory = seedDirectory;
    this.#ports = Array.from({ length: count }, () => portWithTwoAbove());
    this.nodes = this.#ports.map((port, index) => `${index + 1}=127.0.0.1:${port}`).join(",");
  }

  /**
   * Starts nodes that have the file in `seedFolder`, and perhaps one more that has not, and resolves once the
   * leader lists them all.
   */
  static async start(
    directory: TempDirectory,
    count: number,
    seedDirectory: string,
    withTaker = false,
  ): Promise<OurNodes> {
    const ours = new OurNodes(directory, withTaker ? count + 1 : count, seedDirectory);
    for (let id = 1; id <= ours.#ports.length; id++) {
      // A node has its folder to itself.
      const own = id === 1 ? seedDirectory : ours.#directoryOf(id);
      if (id > 1) await Deno.mkdir(own);
      if (id > 1 && id <= count) await Deno.copyFile(`${seedDirectory}/${FILE}`, `${own}/${FILE}`);
      const flags = [
        "--nodes",
        ours.nodes,
        "--dir",
        own,
        "--log",
        directory.file("log"),
        "--wait-ms",
        "500",
      ];
      ours.#processes.push(
        startProcess(Deno.execPath(), [
          ...["run", "-q", "-A", `${root}tasks/peer.ts`, String(id), ...flags],
          ...["--memory", directory.file(`memory-${crypto.randomUUID()}`)],
        ]),
      );
    }
    await until(async () => await ours.#holders() === count, "the nodes offer the file", LIMIT_MS);
    return ours;
  }

  #directoryOf(id: number): string {
    return this.#directory.file(`node-${this.#ports[0]}-${id}`);
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
    const response = await fetch(`http://127.0.0.1:${this.httpPort}/torrents/${FILE}.torrent`);
    const path = this.#directory.file("leader.torrent");
    await Deno.writeFile(path, await response.bytes());
    return path;
  }

  /** Has the last node itself fetch the file, and takes that away from it again. */
  async take(): Promise<void> {
    const taker = this.#processes.at(-1);
    await taker?.type(`get ${FILE}`);
    await taker?.line(`Fetched ${FILE}`, LIMIT_MS);
    await Deno.remove(`${this.#directoryOf(this.#ports.length)}/${FILE}`);
  }

  /** Has the first node hash the file once more, under another name, and takes that away from it again. */
  async hash(): Promise<void> {
    const again = `again-${FILE}`;
    const path = `${this.#seedDirectory}/${again}`;
    await Deno.link(`${this.#seedDirectory}/${FILE}`, path);
    await until(async () => await this.#holders(again) === 1, "the file to be hashed", LIMIT_MS);
    await Deno.remove(path);
    // Until then the torrent of these bytes has the other name, under which it would be fetched.
    await until(async () => await this.#holders(again) === 0, "the other name to be gone", LIMIT_MS);
  }

  async #holders(of = FILE): Promise<number> {
    try {
      const response = await fetch(`http://127.0.0.1:${this.httpPort}/files`);
      const files: { name: string; holders: number[] }[] = response.ok ? await response.json() : [];
      if (!response.ok) await response.body?.cancel();
      return files.find(({ name }) => name === of)?.holders.length ?? 0;
    } catch {
      return 0;
    }
  }

  /** Has another process of ours fetch the file. */
  async get(out: string): Promise<void> {
    await oursGets(FILE, out, this.nodes);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#processes.map((process) => process[Symbol.asyncDispose]()));
  }
}

/** A free port P such that P + 1000 and P + 2000 are free, too. */
export function portWithTwoAbove(): number {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 10_000);
    try {
      for (const offset of [0, 1000, 2000]) {
        Deno.listen({ hostname: "127.0.0.1", port: port + offset }).close();
      }
      return port;
    } catch {
      // One of the three is taken.
    }
  }
}

/** One fetch of ours, in a process of its own. */
export async function oursGets(
  what: string,
  out: string,
  nodes = `1=127.0.0.1:${freePort()}`,
): Promise<void> {
  const flags = ["--nodes", nodes, "--dir", out];
  await using process = startProcess(Deno.execPath(), [
    ...["run", "-q", "-A", `${root}tasks/peer.ts`, "1", "get", what, ...flags],
  ]);
  const { code, stderr } = await process.ended(LIMIT_MS);
  if (code !== 0) throw new Error(`Cannot fetch: ${stderr}`);
}

/** aria2c, giving the file in a folder. */
export async function aria2Seeds(torrent: string, directory: string, port: number): Promise<TestProcess> {
  const process = startProcess("aria2c", [
    ...ARIA2_FLAGS,
    "--disk-cache=64M",
    "--check-integrity",
    "--seed-ratio=0",
    "--seed-time=9999",
    `--listen-port=${port}`,
    `--dir=${directory}`,
    torrent,
  ]);
  await process.shows("Verification finished successfully", LIMIT_MS);
  return process;
}

/** aria2c, taking. */
export async function aria2Gets(torrent: string, out: string): Promise<void> {
  await using process = startProcess("aria2c", [
    ...ARIA2_FLAGS,
    "--disk-cache=64M",
    "--seed-time=0",
    `--listen-port=${freePort()}`,
    `--dir=${out}`,
    torrent,
  ]);
  const { code, stdout } = await process.ended(LIMIT_MS);
  if (code !== 0) throw new Error(`Cannot download by aria2c: ${stdout}`);
}

/** libtorrent, taking. */
export async function libtorrentGets(torrent: string, out: string): Promise<void> {
  await Deno.mkdir(out, { recursive: true });
  await using process = startProcess(PYTHON, [LIBTORRENT, "get", torrent, out, "0", "plain"]);
  await process.line("complete", LIMIT_MS);
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
