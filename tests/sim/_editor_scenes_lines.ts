/**
 * Scenes of the editor by its rules: what it owes to line clients.
 *
 * @module
 */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { SimWorld } from "../../actors/world/sim/mod.ts";
import { EditorStage, FILE } from "./_editor_stage.ts";
import { SOON_MS } from "./_line_peer.ts";

/** What a client may have sent before it is saved, with what was read before that was seen. */
const MAX_UNSAVED_CHARACTERS = 200_000;
/** Longer than the text that a server keeps in its memory. */
const LONG_TEXT_CHARACTERS = 1_200_000;

function longText(sim: SimWorld, characters: number): string {
  const lines: string[] = [];
  for (let length = 0; length < characters;) {
    const line = `${lines.length} ${"x".repeat(sim.random.integer(500, 1500))}\n`;
    lines.push(line);
    length += line.length;
  }
  return lines.join("");
}

/** Who sends much is not read while nothing of it is saved, and is read on when it is. */
export async function heldUp(sim: SimWorld): Promise<void> {
  const stage = new EditorStage(sim, "");
  const writer = await stage.line();
  stage.disk.slowness = 10_000;
  const lines = Array.from({ length: 4000 }, (_, index) => `line ${index} ${"x".repeat(90)}`);
  writer.send(lines.map((line) => `${line}\n`).join("")).catch(() => {});
  await sim.advance(sim.random.integer(500, 1000));
  const updates = stage.server.log.records.filter(({ fields }) => fields?.["event"] === "update");
  const characters = updates.length * (lines[0]?.length ?? 0);
  assert(updates.length > 0, "the client is read");
  assert(characters <= MAX_UNSAVED_CHARACTERS, `${characters} characters were read, and none is saved`);
  stage.disk.slowness = 1;
  const last = lines.at(-1) ?? "";
  await sim.until(() => stage.file.endsWith(`${last}\n`), 10 * SOON_MS, "all that was sent to be saved");
  assertEquals(stage.file.split("\n").slice(0, -1), lines);
}

/** Who has said all that it has to say is answered before its connection is closed. */
export async function ended(sim: SimWorld): Promise<void> {
  const stage = new EditorStage(sim, "first\n");
  const isTogether = sim.seed % 2 === 0;
  if (isTogether) await stage.page();
  const writer = await stage.line();
  writer.read();
  stage.disk.slowness = sim.random.integer(1, 200);
  const isRefused = sim.random.chance(0.5);
  if (isRefused) stage.disk.failNext("write", "no-space", { path: isTogether ? /history/ : FILE });
  await writer.send("last words\n");
  await writer.closeWrite();
  await sim.until(() => writer.hasEnded, SOON_MS, "the connection to end");
  assertEquals(writer.lines[0], "first");
  if (isRefused) assertStringIncludes(writer.lines[1] ?? "", "Error: Cannot save the update");
  else {
    assertEquals(writer.lines.length, 1);
    await stage.untilFile("the last words to be saved", (text) => text === "first\nlast words\n");
  }
}

/** Who reads a long document slowly sees whole lines, all of others and none of its own. */
export async function slowReader(sim: SimWorld): Promise<void> {
  const text = longText(sim, LONG_TEXT_CHARACTERS);
  const stage = new EditorStage(sim, text);
  const [slow, other] = [await stage.line(), await stage.line()];
  other.read();
  // Not read: it is behind now.
  await sim.advance(500);
  const expected = text.split("\n").slice(0, -1);
  const write = async (count: number) => {
    const isOwn = sim.random.chance(0.7);
    const line = `${isOwn ? "own" : "other's"} ${count}`;
    await (isOwn ? slow : other).send(`${line}\n`);
    if (!isOwn) expected.push(line);
  };
  for (let count = 0; count < 4; count++) await write(count);
  // The disk is slower than the network, or the client than both.
  const isDiskSlow = sim.seed % 2 === 0;
  if (isDiskSlow) stage.disk.slowness = 500;
  if (isDiskSlow) slow.read(5);
  else slow.trickle(1 << 14, 20);
  // Its own lines, too, come while it is sent the document; browsers come and go meanwhile.
  for (let count = 4; count < 20; count++) {
    await sim.advance(sim.random.integer(1, 80));
    await write(count);
    if (count === 12 && sim.random.chance(0.3)) (await stage.page()).leave();
  }
  const hasAll = () => slow.lines.length >= expected.length;
  await sim.until(hasAll, 10 * SOON_MS, "the slow client to be sent the document");
  await sim.advance(100);
  const difference = slow.lines.findIndex((line, index) => line !== expected[index]);
  assert(difference < 0, `line ${difference} is ${slow.lines[difference]}, not ${expected[difference]}`);
  assert(slow.pauses.length > 0 || !isDiskSlow, "the disk is slower than the network");
  for (const received of slow.pauses) {
    assert(received.endsWith("\n"), `it was left with half a line: ${received.slice(-30)}`);
  }
}

/** An error is said after the document, also to who has not read that yet. */
export async function errorLast(sim: SimWorld): Promise<void> {
  const text = longText(sim, LONG_TEXT_CHARACTERS);
  const stage = new EditorStage(sim, text);
  const slow = await stage.line();
  await sim.advance(500);
  stage.disk.failNext("write", "no-space");
  await slow.send("cannot be saved\n");
  await sim.advance(sim.random.integer(500, 1500));
  slow.read();
  // Asked after each event, of a long text: only what is new is searched.
  let searched = 0;
  let isFound = false;
  const isTold = () => {
    if (slow.text.length > searched) {
      isFound ||= slow.text.includes("Error: ", Math.max(0, searched - "Error: ".length));
      searched = slow.text.length;
    }
    return isFound && slow.text.endsWith("\n");
  };
  await sim.until(isTold, 10 * SOON_MS, "the error to be told");
  assert(slow.text.startsWith(text), "the error came in the middle of the document");
  assertStringIncludes(slow.text.slice(text.length), "Error: Cannot save the update");
}

/** What comes while a save fails is saved, though nobody sends anything after it. */
export async function behindFailure(sim: SimWorld): Promise<void> {
  const stage = new EditorStage(sim, "first\n");
  const [one, other] = [await stage.line(), await stage.line()];
  one.read();
  other.read();
  await sim.advance(500);
  stage.disk.slowness = 100;
  stage.disk.failNext("write", "no-space");
  await one.send("fails\n");
  await sim.until(() => stage.disk.underWay.length > 0, SOON_MS, "the line to be saved");
  await other.send("waits behind it\n");
  await stage.untilFile("what waited to be saved", (text) => text.includes("waits behind it\n"));
  await sim.until(() => /^Error: .*\n/m.test(one.text), SOON_MS, "the failure to be told");
  assertEquals(stage.file, "first\nwaits behind it\n");
  await sim.until(() => one.text.includes("waits behind it\n"), SOON_MS, "the other's line to be told");
}

/** With the policy `interval`, what was told to others is on the disk a little later, with nobody's help. */
export async function syncedLater(sim: SimWorld): Promise<void> {
  const stage = new EditorStage(sim, "first\n", { sync: "interval" });
  const [one, other] = [await stage.line(), await stage.line()];
  other.read();
  await sim.advance(500);
  for (let count = 0; count < 3; count++) {
    await one.send(`line ${count}\n`);
    await sim.until(() => other.text.includes(`line ${count}\n`), SOON_MS, "the line to be told");
    await sim.advance(sim.random.integer(300, 1000));
    const durable = stage.disk.readDurableText(FILE) ?? "";
    assert(durable.includes(`line ${count}\n`), `line ${count} was told, and is not on the disk`);
  }
}

/** What waits for a client that is ever further behind has a limit. */
export async function farBehind(sim: SimWorld): Promise<void> {
  const stage = new EditorStage(sim, longText(sim, 900_000), { limits: { maxOutboundBytes: 100_000 } });
  // Somebody is at the page: the file does not only grow, and what is new is kept for who is behind.
  const page = await stage.page();
  assertEquals(page.connections, 1, "a page that comes was taken for slow: it is owed the document");
  const [slow, other] = [await stage.line(), await stage.line()];
  slow.trickle(1 << 13, 500);
  other.read();
  await sim.advance(500);
  for (let count = 0; count < 100; count++) {
    await other.send(`${count} ${"y".repeat(2000)}\n`);
    await sim.advance(5);
  }
  await sim.until(() => page.value.includes("99 yyy"), SOON_MS, "the lines to be told");
  const isParted = () => stage.server.log.records.some(({ fields }) => fields?.["event"] === "slow-client");
  await sim.until(isParted, SOON_MS, "who is too far behind to be parted from");
}

/** What a person changes in the middle of the file is told, once the file is looked at again. */
export async function changedByHand(sim: SimWorld): Promise<void> {
  const stage = new EditorStage(sim, "first\nsecond\nthird\n");
  const [one, other] = [await stage.line(), await stage.line()];
  one.read();
  other.read();
  await sim.until(() => one.lines.length === 3 && other.lines.length === 3, SOON_MS, "both to be there");
  for (let round = 0; round < 3; round++) {
    const changed = sim.random.next() < 0.5 ? `changed ${round}` : `changed ${"again ".repeat(round)}`;
    await sim.advance(sim.random.integer(10, 500));
    stage.disk.write(FILE, stage.file.replace(round === 0 ? "second" : /changed .*/, changed));
    await sim.advance(sim.random.integer(1, 500));
    await one.send(`next ${round}\n`);
    const isTold = () => other.lines.includes(`next ${round}`) && one.lines.includes(changed);
    await sim.until(isTold, SOON_MS, "what was changed by hand to be told");
    assertEquals(other.lines.slice(-2), [changed, `next ${round}`]);
  }
  // What lacks the last line may be half a save: it is told a little later, though nobody sends more.
  for (let round = 0; round < 3; round++) {
    const shorter = `first\nshorter ${round}\n`;
    stage.disk.write(FILE, shorter);
    await sim.advance(sim.random.integer(10, 100));
    const late = await stage.line();
    late.read();
    await sim.until(() => other.lines.includes(`shorter ${round}`), SOON_MS, "a shorter text to be told");
    await sim.until(() => late.text === shorter, SOON_MS, "who comes to be told it, too");
    await one.send(`longer ${round}\n`);
    await sim.until(() => other.lines.includes(`longer ${round}`), SOON_MS, "the next line to be told");
    late.close();
  }
}

/** The end that a line typed by hand lacked comes with the next line, and belongs to who sent that. */
export async function endedByOther(sim: SimWorld): Promise<void> {
  const stage = new EditorStage(sim, "first\n");
  const [one, other] = [await stage.line(), await stage.line()];
  one.read();
  other.read();
  await sim.until(() => one.lines.length === 1 && other.lines.length === 1, SOON_MS, "both to be there");
  stage.disk.write(FILE, "first\nhalf");
  await sim.advance(sim.random.integer(1, 500));
  await one.send("mine\n");
  await sim.until(() => other.text === "first\nhalf\nmine\n", SOON_MS, "all of it to be told");
  await sim.until(() => one.text.startsWith("first\nhalf"), SOON_MS, "what was typed by hand to be told");
  await sim.advance(100);
  assertEquals(one.text, "first\nhalf");
  await other.send("theirs\n");
  await sim.until(() => one.text === "first\nhalf\ntheirs\n", SOON_MS, "the other's line to be told");
}
