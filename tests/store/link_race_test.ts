/**
 * What a name stands for is changed between the moment at which it is looked at and that at which it is
 * opened or replaced.
 */
import { assert, assertEquals } from "@std/assert";
import { writeAtomic } from "../../actors/store/mod.ts";
import { denoWorld, WorldError } from "../../mod.ts";
import {
  available,
  root,
  startProcess,
  type TempDirectory,
  tempDirectory,
  type TestProcess,
} from "../_helpers.ts";

const ignore = Deno.build.os !== "linux" || !await available("python3", "--version");
if (ignore) console.log("names that are swapped: skipped, they need Linux and python3");

const { disk } = denoWorld({ log: { level: "error" } });
const INSIDE = "inside";
const SECRET = "a secret of somebody else";
const WRITTEN = new TextEncoder().encode("what a stranger wrote");
/** A swap takes some 20 µs, a look and an open as long: many of these fall between. */
const ROUNDS = 1500;

interface Race extends AsyncDisposable {
  readonly folder: string;
  readonly name: string;
  readonly outside: string;
  /** Ends the swapping; says how often it was done. */
  stop(): Promise<number>;
}

/** A folder with a name that is swapped all the time: a file, then what is asked for, and again. */
async function race(directory: TempDirectory, others: (outside: string) => readonly string[]): Promise<Race> {
  const folder = directory.file("data");
  const [name, outside, inside] = [`${folder}/a.txt`, directory.file("outside"), directory.file("inside")];
  await Deno.mkdir(folder);
  await Deno.writeTextFile(outside, SECRET);
  await Deno.writeTextFile(inside, INSIDE);
  await Deno.writeTextFile(name, INSIDE);
  const script = `${root}tests/store/_link_swapper.py`;
  const swapping: TestProcess = startProcess("python3", [script, name, `hard:${inside}`, ...others(outside)]);
  await swapping.line("swapping");
  return {
    folder,
    name,
    outside,
    async stop() {
      await swapping.closeInput();
      const { stdout } = await swapping.ended();
      return Number(/swapped (\d+)/.exec(stdout)?.[1]);
    },
    [Symbol.asyncDispose]: () => swapping[Symbol.asyncDispose](),
  };
}

/** What comes of something that the race may make fail: the error's kind, or that it was done. */
async function outcome(work: () => unknown): Promise<string> {
  try {
    await work();
    return "done";
  } catch (error) {
    if (!(error instanceof WorldError)) throw error;
    return error.kind;
  }
}

Deno.test({
  name: "a link that takes a file's name while it is being read or replaced leads nobody out of the folder",
  ignore,
  async fn() {
    await using directory = await tempDirectory();
    await using at = await race(directory, (outside) => [`link:${outside}`]);
    const options = { within: at.folder };
    const seen = new Map<string, number>();
    const count = (what: string) => seen.set(what, (seen.get(what) ?? 0) + 1);
    for (let round = 0; round < ROUNDS; round++) {
      let read = "";
      const keep = (bytes: Uint8Array | undefined) => read = new TextDecoder().decode(bytes);
      count(await outcome(async () => keep(await disk.readFile(at.name, options))));
      assert(read !== SECRET, "read through a link");
      count(await outcome(() => keep(disk.readFileNow?.(at.name, options))));
      assert(read !== SECRET, "read at once through a link");
      count(await outcome(() => writeAtomic(disk, at.name, WRITTEN, options)));
      count(
        await outcome(async () => {
          const file = await disk.open(at.name, { ...options, write: true, create: true, truncate: true });
          file.close();
        }),
      );
    }
    const swaps = await at.stop();
    assertEquals(await Deno.readTextFile(at.outside), SECRET);
    // Both were met, many times.
    assert((seen.get("done") ?? 0) > 100 && (seen.get("not-a-file") ?? 0) > 100, JSON.stringify([...seen]));
    assert(swaps > ROUNDS, `${swaps} swaps`);
  },
});
