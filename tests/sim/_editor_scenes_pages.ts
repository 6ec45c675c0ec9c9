/**
 * Scenes of the editor by its rules: what it owes to browsers, and to a person at the file.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import * as Y from "yjs";
import { historyPath } from "../../actors/editor/open_history.ts";
import type { SimWorld } from "../../actors/world/sim/mod.ts";
import { EditorStage, FILE } from "./_editor_stage.ts";
import { SOON_MS } from "./_line_peer.ts";

/** A document is let go so long after its last client, when nothing else is said. */
const DESERTED_MS = 60_000;

/** An update that refers to one that has not come yet waits for it; none of its sender is acknowledged. */
export async function early(sim: SimWorld): Promise<void> {
  const stage = new EditorStage(sim, "first\n");
  const [author, relay, witness] = [await stage.page(), await stage.page(), await stage.page()];
  const one = author.typed("<one>");
  const two = author.typed("<two>", 3);
  const other = new Y.Doc();
  other.clientID = sim.random.uint32();
  other.getText("content").insert(0, "<three>");
  author.send({ type: "update", update: two });
  author.send({ type: "update", update: Y.encodeStateAsUpdate(other) });
  await sim.until(() => witness.value.includes("<three>"), SOON_MS, "what refers to nothing to be there");
  await sim.advance(sim.random.integer(10, 2000));
  assertEquals(author.saved, 0, "its first update is not in the document");
  relay.send({ type: "update", update: one });
  await sim.until(() => author.saved === 2, SOON_MS, "both updates to be acknowledged");
  await sim.until(() => witness.value.includes("<on<two>e>"), SOON_MS, "what waited to be told");
  await stage.untilFile("what waited to be in the file", (text) => text.includes("<on<two>e>"));
  // What was acknowledged late is counted once.
  author.type("<four>");
  await sim.until(() => author.saved > 2, SOON_MS, "the next update to be acknowledged");
  assertEquals(author.saved, 3);
}

/** Nobody speaks for another who is there; who leaves is gone. */
export async function present(sim: SimWorld): Promise<void> {
  const stage = new EditorStage(sim, "first\n");
  const [victim, liar, witness] = [await stage.page(), await stage.page(), await stage.page()];
  const id = victim.doc.clientID;
  liar.sayPresent(liar.doc.clientID, 1, "the liar");
  victim.sayPresent(id, 1, "the victim");
  const isSeen = () => witness.present.get(id) === '"the victim"' && liar.present.get(id) === '"the victim"';
  await sim.until(isSeen, SOON_MS, "the victim to be seen");
  liar.sayPresent(id, sim.random.integer(2, 1000), "forged");
  await sim.advance(1000);
  assert(isSeen() && witness.present.get(id) === '"the victim"', "somebody spoke for another");
  victim.leave();
  await sim.until(() => witness.present.get(id) === "null", SOON_MS, "who has left to be gone");
}

/** A file that is empty for a moment, as editors leave it that write in place, empties no document. */
export async function emptied(sim: SimWorld): Promise<void> {
  const stage = new EditorStage(sim, "first\n");
  const page = await stage.page();
  page.type("typed\n");
  await stage.untilFile("the file to hold the text", (text) => text === "typed\nfirst\n");
  await sim.advance(sim.random.integer(200, 2000));
  const before = page.texts.length;
  stage.disk.write(FILE, "");
  await sim.advance(sim.random.integer(120, 300));
  stage.disk.write(FILE, "typed\nfirst\nsaved\n");
  await sim.until(() => page.value === "typed\nfirst\nsaved\n", SOON_MS, "the save to be there");
  assert(page.texts.slice(before).every((text) => text.includes("first")), "the document was emptied");
}

/** What a person puts in the file's place while it is about to be replaced is not written over. */
export async function savedMeanwhile(sim: SimWorld): Promise<void> {
  const stage = new EditorStage(sim, "first\n");
  const page = await stage.page();
  stage.disk.slowness = 20;
  for (let count = 0; count < 3; count++) {
    await sim.advance(1500);
    page.type(`typed ${count}\n`);
    // Its content is being written; under its name it comes a while later.
    await sim.until(
      () =>
        stage.disk.underWay.some(({ operation, path }) =>
          (operation === "write" || operation === "sync") && path.includes("document.txt.") &&
          path.endsWith(".tmp") &&
          !path.includes("history")
        ),
      SOON_MS,
      "the file to be replaced",
    );
    const text = stage.file;
    stage.disk.remove(FILE);
    stage.disk.write(FILE, `saved ${count}\n${text}`);
    await sim.until(() => page.value.includes(`saved ${count}\n`), SOON_MS, "what was saved to be there");
    await stage.untilFile("the file to hold both", (text) => text === page.value);
  }
}

/** Who may read sees all, and changes nothing. */
export async function reader(sim: SimWorld): Promise<void> {
  const stage = new EditorStage(sim, "first\n", {}, { token: "edit", readToken: "read" });
  const writer = await stage.page("/sync?acks&token=edit");
  const reader = await stage.page("/sync?acks&token=read");
  reader.type("not allowed");
  writer.type("allowed ");
  const seen = () => reader.value.replace("not allowed", "");
  await sim.until(() => seen() === "allowed first\n", SOON_MS, "the reader to see the edit");
  await stage.untilFile("the file to hold the edit", (text) => text.includes("allowed first"));
  await sim.advance(1000);
  assertEquals([writer.value, stage.file], ["allowed first\n", "allowed first\n"]);
  assert(reader.isDenied, "the reader was told");
}

/** A document that was let go is opened again for who comes back. */
export async function reopened(sim: SimWorld): Promise<void> {
  const stage = new EditorStage(sim, "first\n", {}, { directory: "/data" });
  for (let visit = 0; visit < 3; visit++) {
    const page = await stage.page("/sync/notes?acks");
    assertEquals(page.value, "again ".repeat(visit));
    page.type("again ");
    await sim.until(() => page.saved === 1, SOON_MS, "the edit to be acknowledged");
    page.leave();
    await sim.advance(DESERTED_MS + sim.random.integer(1000, 10_000));
  }
}

/** While a save fails, what waits behind it is saved or refused, and who comes is served. */
export async function failsTogether(sim: SimWorld): Promise<void> {
  const stage = new EditorStage(sim, "first\n");
  const page = await stage.page();
  const one = await stage.line();
  one.read();
  await sim.until(() => one.text === "first\n", SOON_MS, "the line client to be there");
  for (let round = 0; round < 3; round++) {
    const refused = () => one.lines.filter((line) => line.startsWith("Error: ")).length;
    const before = refused();
    stage.disk.slowness = 50;
    stage.disk.failNext(sim.random.pick(["write", "sync"] as const), "no-space", { path: /history/ });
    await one.send(`${round} fails\n`);
    await sim.until(() => stage.disk.underWay.length > 0, SOON_MS, "the line to be saved");
    await one.send(`${round} waits behind it\n`);
    const late = await stage.line();
    late.read();
    const saved = () => stage.file.split("\n").filter((line) => line.startsWith(`${round} `)).length;
    await sim.until(() => saved() + refused() - before === 2, SOON_MS, "both lines to be saved or refused");
    await sim.until(() => late.lines[0] === "first", SOON_MS, "who has come to be served");
    stage.disk.forgetFailures();
    stage.disk.slowness = 1;
    late.close();
  }
  await sim.until(() => page.value === stage.file, SOON_MS, "the page to have what the file holds");
}

/** What is acknowledged, and what line clients are told of, is on the disk at that moment. */
export async function durable(sim: SimWorld): Promise<void> {
  const stage = new EditorStage(sim, "first\n");
  const [page, line] = [await stage.page(), await stage.line()];
  line.read();
  const isSure = (text: string) => stage.disk.readDurableText(historyPath(FILE))?.includes(text) ?? false;
  let sent = 0;
  for (let round = 0; round < 4; round++) {
    stage.disk.slowness = 1;
    page.type(`one ${round}\n`);
    await sim.until(() => page.saved === sent + 1, SOON_MS, "an edit to be acknowledged");
    // Line clients are about to be told.
    await sim.advance(sim.random.integer(150, 320));
    stage.disk.slowness = 200;
    for (const word of ["two", "three"]) page.type(`${word} ${round}\n`);
    sent += 3;
    await sim.until(() => page.saved === sent || line.text.includes(`three ${round}`), SOON_MS);
    assert(isSure(`two ${round}`) && isSure(`three ${round}`), "what was told of is not on the disk");
    await sim.until(() => line.text.includes(`three ${round}`), SOON_MS, "line clients to be told");
    await sim.until(() => page.saved === sent, SOON_MS, "the edits to be acknowledged");
  }
}
