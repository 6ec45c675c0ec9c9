import { assert, assertEquals } from "@std/assert";
import { openFileJournal } from "../../actors/store/file_journal.ts";
import { denoWorld } from "../../mod.ts";
import { tempDirectory } from "../_helpers.ts";
import { countedCodec, journalContract, type JournalKind } from "./_journal_contract.ts";

const file: JournalKind = {
  name: "file",
  open: (path, replay, warn = () => {}) =>
    openFileJournal(denoWorld(), path, {
      codec: countedCodec,
      signature: { text: "test journal 1", of: "a test's journal" },
      replay,
      warn,
    }),
};

journalContract(file);

/** A journal of these events, a commit each, closed; where its records end. */
async function written(path: string, count: number): Promise<number[]> {
  const journal = await file.open(path, () => {});
  const ends = [];
  for (let n = 0; n < count; n++) {
    journal.append([{ n, text: "x".repeat(n) }]);
    await journal.commit();
    ends.push(journal.bytes);
  }
  await journal.close();
  return ends;
}

async function opened(path: string): Promise<{ found: number[]; warnings: string[] }> {
  const found: number[] = [];
  const warnings: string[] = [];
  await (await file.open(path, ({ n }) => void found.push(n), (text) => void warnings.push(text))).close();
  return { found, warnings };
}

async function setAside(directory: string): Promise<Uint8Array[]> {
  const names = (await Array.fromAsync(Deno.readDir(directory))).map(({ name }) => name).sort();
  const damaged = names.filter((name) => name.includes(".damaged-"));
  return await Promise.all(damaged.map((name) => Deno.readFile(`${directory}/${name}`)));
}

Deno.test("journal, file: a flipped bit costs the record it is in, which is kept beside the file", async () => {
  await using directory = await tempDirectory();
  const path = directory.file("journal");
  const ends = await written(path, 40);
  const whole = await Deno.readFile(path);
  const [start = 0, end = 0] = [ends[2], ends[3]];
  // Each bit of record 4 of 40 in turn, its length and its checksum too.
  for (let bit = 0; bit < 8 * (end - start); bit += 5) {
    const at = start + (bit >> 3);
    const flipped = whole.slice();
    flipped[at] = (flipped[at] ?? 0) ^ (1 << (bit & 7));
    await Deno.writeFile(path, flipped);
    const { found, warnings } = await opened(path);
    assertEquals(found, Array.from({ length: 40 }, (_, n) => n).filter((n) => n !== 3), `bit ${bit}`);
    assertEquals(warnings.length, 1);
    assert(/is kept in .*journal\.damaged-\d{8}T\d{6}Z/.test(warnings[0] ?? ""), warnings[0]);
    const kept = await setAside(directory.path);
    assertEquals(kept.at(-1), flipped.slice(start, end));
    for await (const { name } of Deno.readDir(directory.path)) {
      if (name.includes("damaged")) await Deno.remove(directory.file(name));
    }
    // What is left is in order.
    assertEquals((await opened(path)).warnings, []);
  }
});

Deno.test("journal, file: whatever bytes are spoiled, all other records are read", async () => {
  await using directory = await tempDirectory();
  const path = directory.file("journal");
  const ends = await written(path, 60);
  const whole = await Deno.readFile(path);
  let seed = 7;
  const random = (below: number) => (seed = (seed * 1103515245 + 12345) % 2147483648) % below;
  for (let round = 0; round < 40; round++) {
    const spoiled = whole.slice();
    const hit = new Set<number>();
    for (let hole = 0; hole < 1 + round % 3; hole++) {
      const at = random(whole.length);
      for (let i = at; i < Math.min(whole.length, at + 1 + random(40)); i++) {
        spoiled[i] = (spoiled[i] ?? 0) ^ (1 + random(255));
        hit.add(ends.findIndex((end) => i < end));
      }
    }
    await Deno.writeFile(path, spoiled);
    const { found } = await opened(path);
    // The signature stands before the first record, in what counts as its bytes here.
    assertEquals(found.filter((n) => n > 0), ends.map((_, n) => n).filter((n) => n > 0 && !hit.has(n)));
  }
});
