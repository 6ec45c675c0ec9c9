/**
 * Scenes of the editor by its rules: versions, limits, who may do what, and a file that is in trouble.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { historyPath } from "../../actors/editor/open_history.ts";
import type { SimWorld } from "../../actors/world/sim/mod.ts";
import { EditorStage, FILE, type PagePeer } from "./_editor_stage.ts";
import { SOON_MS } from "./_line_peer.ts";

/** A pause after which the text is kept as a version. */
const VERSION_PAUSE_MS = 60_000;

interface Version {
  readonly id: number;
  readonly name?: string;
  readonly by: readonly string[];
}

async function versionsOf(stage: EditorStage): Promise<Version[]> {
  return JSON.parse((await stage.http("/versions")).body);
}

/** Says who it is, and types something that is saved then. */
async function typeAs(stage: EditorStage, page: PagePeer, name: string, text: string): Promise<void> {
  page.sayPresent(page.doc.clientID, stage.sim.now, { user: { name } });
  const before = page.saved;
  page.type(text);
  await stage.sim.until(() => page.saved > before, SOON_MS, "an edit to be saved");
}

/** Each version is kept, once, with its text and who has edited since the one before; nothing loses one. */
export async function versions(sim: SimWorld): Promise<void> {
  const stage = new EditorStage(sim, "first\n", {}, { compactBytes: 100, directory: "/data" });
  const [ann, ben, reader] = [await stage.page(), await stage.page(), await stage.page()];
  reader.sayPresent(reader.doc.clientID, 1, { user: { name: "Reader" } });
  const kept: { name?: string; by: string[]; text: string }[] = [];
  for (let round = 0; round < 4; round++) {
    const [who, page] = round % 2 === 0 ? ["Ann", ann] as const : ["Ben", ben] as const;
    for (let count = sim.random.integer(2, 5); count > 0; count--) {
      await typeAs(stage, page, who, `${who} ${round} ${count}\n`);
      await sim.advance(sim.random.integer(1, 45_000));
    }
    if (round === 1) reader.leave();
    const isNamed = sim.random.chance(0.5);
    if (isNamed) {
      const body = JSON.stringify({ name: `version ${round}`, by: who });
      assertEquals((await stage.http("/versions", { method: "POST", body })).status, 201);
    }
    kept.push({ ...(isNamed ? { name: `version ${round}` } : {}), by: [who], text: page.value });
    await sim.advance(1.1 * VERSION_PAUSE_MS);
  }
  for (const isRestarted of [false, true]) {
    if (isRestarted) {
      stage.server.kill();
      stage.server.restart();
      await sim.until(() => ann.isSynced && ann.connections > 1, SOON_MS, "the page to come back");
    }
    const found = await versionsOf(stage);
    assertEquals(found.map(({ name, by }) => ({ name, by })), kept.map(({ name, by }) => ({ name, by })));
    for (const [index, { id }] of found.entries()) {
      assertEquals((await stage.http(`/version/${id}`)).body, kept[index]?.text);
    }
  }
  // What is put at the end and taken out again leaves nothing behind for ever.
  for (let count = 0; count < 200; count++) {
    ann.type("x".repeat(100));
    ann.remove(100);
    await sim.advance(20);
  }
  await sim.advance(2000);
  const bytes = stage.disk.read(historyPath(FILE))?.length ?? 0;
  assert(bytes < 6000, `the history has ${bytes} bytes, though little is in it`);
}

/** A text grows up to its limit, by whatever door, and no further; who is over it is told so. */
export async function limited(sim: SimWorld): Promise<void> {
  const maxDocumentBytes = 2000;
  const stage = new EditorStage(sim, "first\n", {}, { maxDocumentBytes });
  const [page, line] = [await stage.page(), await stage.line()];
  line.read();
  const word = sim.random.pick(["ascii", "über", "日本語", "𝒜𝒷"]);
  const isRefused = () => line.lines.some((text) => text.startsWith("Error: "));
  for (let count = 0; count < 600 && !(isRefused() && page.connections > 1); count++) {
    if (sim.random.chance(0.5)) page.type(`${word}${count}\n`);
    else await line.send(`${word} ${count}\n`);
    await sim.advance(sim.random.integer(1, 20));
  }
  assert(isRefused(), "a line client over the limit is told so");
  assert(page.connections > 1, "a page over the limit is told so");
  await sim.advance(3000);
  const bytes = new TextEncoder().encode(stage.file).length;
  assert(bytes <= maxDocumentBytes, `the text has ${bytes} bytes`);
  assert(bytes > maxDocumentBytes - 100, `nothing more is taken after ${bytes} bytes`);
}

/** Who shows the token for reading changes nothing, names nothing and makes nothing, whoever else may. */
export async function mayRead(sim: SimWorld): Promise<void> {
  const hasEditors = sim.random.chance(0.5);
  const tokens = hasEditors ? { token: "edit", readToken: "read" } : { readToken: "read" };
  const stage = new EditorStage(sim, "first\n", {}, { ...tokens, directory: "/data" });
  const reader = await stage.page("/sync?acks&token=read");
  reader.type("not allowed");
  const body = JSON.stringify({ name: "mine", by: "reader" });
  assertEquals((await stage.http("/versions?token=read", { method: "POST", body })).status, 403);
  assertEquals((await stage.http("/document")).status, 401);
  assertEquals((await stage.http("/document?token=read")).body, "first\n");
  stage.visit("/sync/new?acks&token=read");
  await sim.advance(2000);
  assertEquals([stage.file, stage.disk.readText("/data/new.txt")], ["first\n", undefined]);
  assert(reader.isDenied, "the reader was told");
}

/** Whatever happens to the file, it holds the text in the end; what cannot be merged is left as it is. */
export async function fileInTrouble(sim: SimWorld): Promise<void> {
  const stage = new EditorStage(sim, "first\n", {}, { compactBytes: 100 });
  const [page, line] = [await stage.page(), await stage.line()];
  line.read();
  const kinds = ["removed", "refused", "fails", "torn", "not compacted"] as const;
  for (let round = 0; round < 6; round++) {
    const kind = kinds[(sim.seed + round) % kinds.length];
    const before = page.value;
    if (kind === "removed") stage.disk.remove(FILE);
    if (kind === "refused") stage.disk.write(FILE, Uint8Array.of(0xff, 0xfe, round));
    if (kind === "fails") stage.disk.failNext("rename", "no-space", { path: /document\.txt/ });
    if (kind === "torn") stage.disk.failNext("write", "no-space", { path: FILE });
    if (kind === "not compacted") {
      stage.disk.failNext("rename", "no-space", { path: /history/ });
      for (let count = 0; count < 20; count++) {
        page.type("x".repeat(100));
        page.remove(100);
        await sim.advance(20);
      }
    }
    if (kind === "torn") await line.send(`line ${round}\n`);
    else page.type(`typed ${round}\n`);
    await sim.advance(sim.random.integer(200, 2500));
    if (kind === "refused") {
      assertEquals(stage.disk.read(FILE), Uint8Array.of(0xff, 0xfe, round), "what cannot be merged is left");
      stage.disk.write(FILE, `saved ${round}\n${before}`);
      await sim.until(() => page.value.includes(`saved ${round}\n`), SOON_MS, "the next save to be merged");
    }
    const isThere = () => page.value.includes(kind === "torn" ? `line ${round}\n` : `typed ${round}\n`);
    await sim.until(isThere, SOON_MS, "the edit to be in the text");
    await stage.untilFile(`the file to hold the text after it was ${kind}`, (text) => text === page.value);
    stage.disk.forgetFailures();
  }
}

/** What is acknowledged is there after a crash, also when somebody has taken the history away. */
export async function historyLost(sim: SimWorld): Promise<void> {
  const stage = new EditorStage(sim, "first\n");
  const page = await stage.page();
  for (let round = 0; round < 3; round++) {
    page.type(`before ${round}\n`);
    await stage.untilFile("the file to hold the text", (text) => text === page.value);
    stage.disk.remove(historyPath(FILE));
    const before = page.saved;
    for (let count = sim.random.integer(1, 3); count > 0; count--) page.type(`after ${round}.${count}\n`);
    await sim.until(() => page.saved > before && page.isSaved, SOON_MS, "the edits to be acknowledged");
    const { connections } = page;
    stage.server.crash();
    stage.server.restart();
    const witness = await stage.page();
    assertEquals(witness.value, page.value);
    witness.leave();
    await sim.until(() => page.connections > connections, SOON_MS, "the page to be back");
    await sim.advance(500);
  }
}

/** Of a text that somebody writes to an old file, nothing is merged twice. */
export async function lateSave(sim: SimWorld): Promise<void> {
  const stage = new EditorStage(sim, "first\n");
  const page = await stage.page();
  const { disk } = stage.server.world;
  for (let round = 0; round < 3; round++) {
    // As `echo >>`: the file is opened, and written to when it is another's.
    const file = await sim.settle(disk.open(FILE, { write: true }));
    const size = await sim.settle(file.size());
    page.type(`typed ${round}\n`);
    await stage.untilFile("the file to be replaced", (text) => text.startsWith(`typed ${round}`));
    await sim.advance(sim.random.integer(1, 1500));
    await sim.settle(file.write(new TextEncoder().encode(`late ${round}\n`), size));
    file.close();
    await sim.until(
      () => page.value.includes(`late ${round}\n`),
      SOON_MS,
      "what was written late to be merged",
    );
    await sim.advance(sim.random.integer(100, 3000));
    assertEquals(page.value.split(`late ${round}\n`).length, 2, "it is merged once");
  }
  await stage.untilFile("the file to hold the text", (text) => text === page.value);
}
