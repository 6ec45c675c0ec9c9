/**
 * Scenes of the editor by its rules: who is told of whom, and of what, while line clients and browsers edit
 * one document.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import * as Y from "yjs";
import { webSocketDialer } from "../../actors/net/mod.ts";
import type { SimWorld } from "../../actors/world/sim/mod.ts";
import { ActorSystem } from "../../mod.ts";
import { decodeHocuspocus, wrapHocuspocus } from "../../protocols/hocuspocus.ts";
import { encodeYMessage } from "../../protocols/y_sync.ts";
import { EditorStage, type PagePeer } from "./_editor_stage.ts";
import { freshHost, SOON_MS } from "./_line_peer.ts";

/** An update that refers to what never comes is waited for so long. */
const EARLY_MS = 10_000;
/** States of one connection, and new ones in a second. */
const MAX_STATES = 64;
const MAX_NEW_STATES = 128;

/** Everybody sees who is there, as they are now, also who says nothing; and nobody who is gone. */
export async function whoIsThere(sim: SimWorld): Promise<void> {
  const stage = new EditorStage(sim, "first\n");
  const shy = await stage.page();
  const pages: { page: PagePeer; id: number; clock: number; state: string | null }[] = [];
  const say = (one: (typeof pages)[number], state: string | null) => {
    one.state = state;
    one.page.sayPresent(one.id, ++one.clock, state);
  };
  const areSeen = (by: PagePeer) =>
    pages.every(({ page, id, state }) =>
      page === by || (by.present.get(id) ?? "null") === JSON.stringify(state)
    );
  for (let round = 0; round < 12; round++) {
    if (round === 8) {
      stage.server.kill();
      stage.server.restart();
      await sim.until(() => shy.connections > 1, SOON_MS, "the page to come back");
      await sim.advance(1000);
      for (const one of pages) say(one, `back in ${round}`);
    }
    if (pages.length < 3) {
      const page = await stage.page();
      const one = { page, id: page.doc.clientID, clock: 0, state: null };
      pages.push(one);
      say(one, `comes in ${round}`);
    } else if (sim.random.chance(0.3)) {
      const [gone] = pages.splice(sim.random.integer(0, 2), 1);
      gone?.page.leave();
    } else {
      // The same again is no news; less than before is an echo.
      const one = sim.random.pick(pages);
      for (let more = sim.random.integer(1, 60); more > 0; more--) say(one, `is at ${more} in ${round}`);
      one.page.sayPresent(one.id, one.clock - 1, "an echo");
      one.page.sayPresent(one.id, one.clock, "another echo");
    }
    if (sim.random.chance(0.3)) say(sim.random.pick(pages), null);
    const all = [shy, ...pages.map(({ page }) => page)];
    await sim.until(() => all.every(areSeen), 2000, "everybody to see who is there");
    await sim.advance(sim.random.integer(0, 1500));
  }
  for (const { page } of pages) assert(page.connections <= 2, "a page was closed for what it said of itself");
}

/** One connection stands for so many and no more; they may come and go all day, but not too fast. */
export async function manyStates(sim: SimWorld): Promise<void> {
  const stage = new EditorStage(sim, "first\n");
  const [few, many, fast, busy] = [
    await stage.page(),
    await stage.page(),
    await stage.page(),
    await stage.page(),
  ];
  few.sayPresent(1, 1, "itself");
  for (let id = 1; id <= MAX_STATES; id++) {
    few.sayPresent(id, 2, "one of few");
    await sim.advance(20);
  }
  for (let turn = 3; turn < 6; turn++) {
    for (let id = 1; id <= MAX_STATES; id++) few.sayPresent(id, turn, "moves");
  }
  for (let id = 0; id <= MAX_STATES; id++) many.sayPresent(1000 + id, 1, "one of many");
  for (let id = 0; id <= MAX_NEW_STATES; id++) {
    fast.sayPresent(2000 + id, 1, "comes");
    fast.sayPresent(2000 + id, 2, null);
  }
  for (let id = 0; id < 2 * MAX_NEW_STATES; id++) {
    busy.sayPresent(3000 + id, 1, "comes");
    busy.sayPresent(3000 + id, 2, null);
    await sim.advance(20);
  }
  await sim.advance(1000);
  assertEquals([few.connections, busy.connections], [1, 1], "who stays within the limits stays");
  assert(many.connections > 1 && fast.connections > 1, "who stands for too many is closed");
}

/** Line clients are told of each line that a browser puts in, once, however many are alike; not of theirs. */
export async function toldOnce(sim: SimWorld): Promise<void> {
  const stage = new EditorStage(sim, "first\nalike\n");
  const [page, line, other] = [await stage.page(), await stage.line(), await stage.line()];
  line.read();
  other.read();
  const expected = ["first", "alike"];
  await sim.until(
    () => other.lines.length === 2 && line.lines.length === 2,
    SOON_MS,
    "the clients to be there",
  );
  const own: string[] = [];
  for (let round = 0; round < 5; round++) {
    const alike = sim.random.integer(1, 3);
    const before = page.saved;
    // What comes while the disk is busy is one batch, with the line.
    stage.disk.slowness = sim.random.pick([1, 50]);
    for (let count = 0; count < alike; count++) {
      expected.push("alike");
      page.type("alike\n");
      await sim.advance(sim.random.integer(0, 2));
    }
    // At the other end, too: of what is between, as much was there as is.
    expected.push(`edge ${round}`);
    page.type(`edge ${round}\n`, page.value.length);
    if (sim.random.chance(0.5)) await sim.until(() => page.saved > before, SOON_MS, "the edit to be saved");
    own.push(`own ${round}`);
    await line.send(`own ${round}\n`);
    // Who comes just then is given all of it, and is not told of it again.
    const isLate = sim.random.chance(0.5);
    const late = isLate ? await stage.line() : undefined;
    late?.read();
    await sim.advance(sim.random.integer(0, 600));
    await sim.until(() => page.value.includes(`own ${round}\n`), SOON_MS, "the page to have the line");
    await sim.advance(1000);
    if (late !== undefined) {
      const lines = page.value.split("\n").slice(0, -1);
      assertEquals(late.lines.toSorted(), lines.toSorted(), "who comes late has each line, once");
    }
    late?.close();
  }
  assertEquals(other.lines.toSorted(), [...expected, ...own].toSorted());
  assertEquals(line.lines.toSorted(), expected.toSorted());
}

/** A browser may send without end, as long as it is saved; what refers to what never comes ends it. */
export async function sendsOn(sim: SimWorld): Promise<void> {
  const stage = new EditorStage(sim, "first\n");
  const [page, witness] = [await stage.page(), await stage.page()];
  const liars = [await stage.page(), await stage.page()];
  for (const [index, liar] of liars.entries()) {
    liar.typed("never sent");
    if (index === 0) liar.type("refers to it", 3);
    else liar.remove(3);
  }
  const word = "x".repeat(20_000);
  for (let count = 1; count <= 80; count++) {
    page.type(`${word}\n`);
    page.remove(word.length);
    if (count % 10 === 0) {
      await sim.until(() => page.saved === 2 * count, SOON_MS, "the edits to be acknowledged");
    }
  }
  await sim.until(() => witness.value === page.value, SOON_MS, "the other to have the text");
  for (const liar of liars) {
    assertEquals([liar.connections, liar.saved], [1, 0], "what refers to what may still come is waited for");
  }
  await sim.advance(1.2 * EARLY_MS);
  for (const { connections } of liars) {
    assert(connections > 1, "what refers to what never comes is waited for for ever");
  }
}

/** Who sends more than can be saved is not read from, until it is. */
export async function sendsTooMuch(sim: SimWorld): Promise<void> {
  const stage = new EditorStage(sim, "first\n");
  const page = await stage.page();
  stage.disk.slowness = 50_000;
  const text = `${"x".repeat(50_000)}\n`;
  for (let count = 0; count < 100; count++) page.type(text);
  await sim.advance(sim.random.integer(500, 1500));
  const sentBytes = 100 * text.length - page.queuedBytes;
  assert(sentBytes < 2_500_000, `${sentBytes} bytes were taken, and none is saved`);
  stage.disk.slowness = 1;
  await sim.until(() => page.saved === 100, SOON_MS, "all to be saved");
}

/** A page whose document cannot be opened hears of that, and has it once it can. */
export async function opensLater(sim: SimWorld): Promise<void> {
  const stage = new EditorStage(sim, "first\n", {}, { directory: "/data" });
  stage.disk.write("/data/broken.txt", "broken\n");
  stage.disk.write("/data/broken.txt.history", "this is no history\n");
  const page = stage.visit("/sync/broken?acks");
  await sim.until(() => page.connections > 1, SOON_MS, "the page to be told that it cannot be opened");
  stage.disk.remove("/data/broken.txt.history");
  await sim.until(() => page.value === "broken\n", SOON_MS, "the page to have the document");
}

/** The document of the line door is the one of its name. */
export async function sameDocument(sim: SimWorld): Promise<void> {
  const stage = new EditorStage(sim, "first\n", {}, { directory: "/data" });
  const [line, page] = [await stage.line(), await stage.page("/sync/document?acks")];
  line.read();
  page.type("typed\n");
  await line.send("line\n");
  await sim.until(() => page.value === "typed\nfirst\nline\n", SOON_MS, "the page to have the line");
  await sim.until(() => line.lines.includes("typed"), SOON_MS, "the line client to have the edit");
  await stage.untilFile("the file to hold both", (text) => text === page.value);
}

/** A client of Hocuspocus is told of each of its updates that it is saved. */
export async function hocuspocus(sim: SimWorld): Promise<void> {
  const stage = new EditorStage(sim, "first\n");
  const witness = await stage.page();
  const host = freshHost(sim, "hocuspocus");
  const doc = new Y.Doc();
  doc.clientID = sim.random.uint32();
  let saved = 0;
  let send: (bytes: Uint8Array) => void = () => {};
  const system = new ActorSystem("page", { world: host.world });
  system.spawn(
    "dialer",
    webSocketDialer({
      url: stage.webUrl("/hocuspocus"),
      reconnect: false,
      session: (socket) => {
        send = (bytes) => socket.send(wrapHocuspocus("document", bytes));
        send(encodeYMessage({ type: "sync-step-1", stateVector: Y.encodeStateVector(doc) }));
        return {
          frame(frame) {
            if (typeof frame === "string") return;
            const { content } = decodeHocuspocus(frame);
            if (content.type === "sync-step-2" || content.type === "update") {
              Y.applyUpdate(doc, content.update);
            }
            if (isSavedStatus(frame)) saved++;
          },
        };
      },
    }),
  );
  const text = doc.getText("content");
  await sim.until(() => text.toString() === "first\n", SOON_MS, "the client to have the document");
  let sent = 0;
  for (let round = 0; round < 4; round++) {
    for (let more = sim.random.integer(1, 4); more > 0; more--) {
      const before = Y.encodeStateVector(doc);
      text.insert(0, `${sent++}\n`);
      send(encodeYMessage({ type: "update", update: Y.encodeStateAsUpdate(doc, before) }));
    }
    await sim.until(() => saved === sent, SOON_MS, "each update to be told of as saved");
  }
  await sim.until(() => witness.value === text.toString(), SOON_MS, "the other to have the text");
}

/** The last byte of "one more of your updates is saved" is 1, behind its type. */
function isSavedStatus(frame: Uint8Array): boolean {
  return frame.at(-2) === 8 && frame.at(-1) === 1;
}
