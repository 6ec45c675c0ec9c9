// First: Yjs takes chance for itself when it is loaded, which simulations do not allow.
import { FILE, Stage, START } from "./_stage.ts";
import { withLooks } from "./_looks.ts";
import { assert, assertEquals } from "@std/assert";
import { historyPath } from "../../actors/editor/open_history.ts";
import { readHistory } from "../sim/_document_oracle.ts";
import { type AwarenessEntry, decodeYMessage } from "../../protocols/y_sync.ts";
import type { CollaboratorEvent, DocumentText, VersionSummary } from "../../actors/editor/mod.ts";
import { simulate } from "../../actors/world/sim/mod.ts";
import { type Disk, WorldError } from "../../actors/world/world.ts";

/** What messages say of who is there. */
function awareness(heard: readonly CollaboratorEvent[]): AwarenessEntry[] {
  return heard.flatMap((event) => {
    const message = event.type === "send" ? decodeYMessage(event.frame) : undefined;
    return message?.type === "awareness" ? message.entries : [];
  });
}

Deno.test("editor: where a save fails, lines that wait behind it are refused aloud, and who joins just then is served", async () => {
  await simulate("editor: where a save fails", { seeds: 30 }, async (sim) => {
    const stage = await Stage.open(sim);
    const writer = stage.line();
    stage.tell({ type: "join", member: writer });
    await sim.until(() => stage.count("joined") === 1, 1000, "the writer to have joined");
    stage.disk.slowness = 5;
    stage.disk.failNext(sim.random.pick(["write", "sync"] as const), "no-space", { path: /history/ });
    const lines = 12;
    for (let index = 0; index < lines; index++) {
      stage.tell({ type: "update", member: writer, text: `line ${index.toString(16)}` });
      await sim.advance(sim.random.next());
      if (index === 4) stage.tell({ type: "join", member: stage.line() });
    }
    const settled = () => {
      const own = stage.told.reduce(
        (sum, event) => sum + (event.type === "appended" ? event.own?.characters ?? 0 : 0),
        0,
      );
      return own / "line 0\n".length + stage.count("rejected") === lines;
    };
    await sim.until(settled, 2000, "each line to be saved or refused");
    await sim.until(() => stage.count("joined") === 2, 2000, "who joined meanwhile to be served");
  });
});

Deno.test("editor: zeros and half a character that a power cut left of an appended line are no edit", async () => {
  await simulate("editor: zeros that a power cut left", { seeds: 30 }, async (sim) => {
    const stage = await Stage.open(sim);
    const writer = stage.line();
    const lines = ["zweite Zeile: Grüße\n", "dritte\n"];
    for (const line of lines) stage.tell({ type: "update", member: writer, text: line.slice(0, -1) });
    const whole = START + lines.join("");
    await sim.until(() => stage.file === whole, 1000, "the lines to be in the file");
    sim.host("server").crash();
    const torn = new TextEncoder().encode(whole);
    const cut = sim.random.integer(START.length, torn.length);
    if (sim.random.chance(0.5)) torn.fill(0, cut);
    stage.disk.write(FILE, sim.random.chance(0.5) ? torn : torn.subarray(0, cut));
    sim.host("server").restart(() => {});
    await stage.start();
    assertEquals(stage.file, whole);
    await stage.collaborate();
    await sim.advance(500);
    assertEquals(stage.file, whole);
  });
});

Deno.test("editor: a file that is saved by rename while lines are put behind it costs no line and no save", async () => {
  await simulate("editor: a file that is saved by rename", { seeds: 40 }, async (sim) => {
    const stage = await Stage.open(sim);
    const writer = stage.line();
    stage.tell({ type: "join", member: writer });
    const lines: string[] = [];
    const write = async (count: number) => {
      for (let index = 0; index < count; index++) {
        lines.push(`line ${lines.length}`);
        stage.tell({ type: "update", member: writer, text: lines.at(-1) ?? "" });
        await sim.advance(sim.random.next() * 3);
      }
    };
    await write(5);
    // Not within the moment of an append.
    await sim.until(() => !stage.disk.underWay.some(({ path }) => path.includes("document.txt")), 1000);
    const read = stage.file ?? "";
    stage.disk.remove(FILE);
    stage.disk.write(FILE, `saved\n${read}`);
    await write(10);
    const whole = `saved\n${START}${lines.map((line) => `${line}\n`).join("")}`;
    await sim.until(() => stage.file === whole, 3000, `the file to hold ${whole}`);
  });
});

Deno.test("editor: versions are told also while nobody edits, and what comes in meanwhile is not lost", async () => {
  await simulate("editor: versions while nobody edits", { seeds: 10 }, async (sim) => {
    const stage = await Stage.open(sim);
    const writer = stage.line();
    stage.tell({ type: "join", member: writer });
    await stage.ask((replyTo) => ({ type: "name-version", name: "one", by: "somebody", replyTo }));
    stage.leave();
    await sim.advance(1000);
    const versions = stage.ask<readonly VersionSummary[]>((replyTo) => ({ type: "get-versions", replyTo }));
    stage.tell({ type: "update", member: writer, text: "meanwhile" });
    assertEquals((await versions).map(({ name }) => name), ["one"]);
    const text = await stage.ask<string | null>((replyTo) => ({ type: "get-version", id: 1, replyTo }));
    assertEquals(text, START);
    assertEquals(
      await stage.ask<string | null>((replyTo) => ({ type: "get-version", id: 7, replyTo })),
      null,
    );
    await sim.until(() => stage.file === `${START}meanwhile\n`, 1000, "the line to be in the file");
    await stage.collaborate();
  });
});

Deno.test("editor: lines that somebody takes out of the file's end while nobody edits are gone, however that came about", async () => {
  await simulate("editor: lines taken out while nobody edits", { seeds: 30 }, async (sim) => {
    const stage = await Stage.open(sim);
    const writer = stage.line();
    for (let index = 0; index < 3; index++) {
      stage.tell({ type: "update", member: writer, text: `line ${index}` });
      if (sim.random.chance(0.5)) await sim.advance(sim.random.next() * 2000);
    }
    const whole = `${START}line 0\nline 1\nline 2\n`;
    await sim.until(() => stage.file === whole, 1000, "the lines to be in the file");
    const isStopped = sim.random.chance(0.5);
    if (isStopped) await stage.stop();
    else {
      stage.leave();
      await sim.advance(1000);
    }
    const left = sim.random.pick([START, `${START}line 0\n`, `${START}line 0\nline 1\n`]);
    stage.disk.write(FILE, left);
    if (isStopped) await stage.start();
    assertEquals(stage.file, left);
    await stage.collaborate();
    await sim.advance(2000);
    assertEquals(stage.file, left);
    const { text } = await stage.ask<DocumentText>((replyTo) => ({ type: "get-text", replyTo }));
    assertEquals(new TextDecoder().decode(text), left);
  });
});

Deno.test("editor: who takes the last line out and changes another in one save has done both, where all was quiet", async () => {
  await simulate("editor: a line taken out and another changed", { seeds: 20 }, async (sim) => {
    const stage = await Stage.open(sim);
    const writer = stage.line();
    for (let index = 0; index < 3; index++) {
      stage.tell({ type: "update", member: writer, text: `line ${index}` });
      await sim.advance(sim.random.next() * 100);
    }
    await sim.advance(sim.random.between(4000, 8000));
    const whole = stage.file ?? "";
    const saved = whole.replace("first\n", "FIRST\n").replace(/line 2\n$/, "");
    stage.disk.write(FILE, saved);
    await sim.advance(3000);
    assertEquals(stage.file, saved);
    const { text } = await stage.ask<DocumentText>((replyTo) => ({ type: "get-text", replyTo }));
    assertEquals(new TextDecoder().decode(text), saved);
  });
});

Deno.test("editor: who leaves the page while the file is being looked at leaves a document that others can edit", async () => {
  await simulate("editor: who leaves the page", { seeds: 30 }, async (sim) => {
    const stage = await Stage.open(sim);
    stage.leave();
    await sim.advance(250);
    // A look takes about as long as it is until the next.
    stage.disk.slowness = sim.random.between(1000, 4000);
    await sim.advance(500);
    stage.disk.slowness = 1;
    const member = stage.line();
    stage.tell({ type: "join", member });
    await sim.until(() => stage.count("joined") === 1, 5000, "who comes then to be served");
  });
});

Deno.test("editor: where a save of the history fails while the file is being replaced, nothing is doubled", async () => {
  await simulate("editor: where a save of the history fails", { seeds: 60 }, async (sim) => {
    const stage = await Stage.open(sim);
    stage.disk.slowness = 20;
    stage.type("typed\n");
    const isReplacement = (path: string) => path.includes("/.document.txt.") && !path.includes("history");
    await sim.until(() => stage.disk.underWay.some(({ path }) => isReplacement(path)), 1000);
    await sim.advance(sim.random.next() * 4);
    stage.disk.failNext("stat", "no-space", { path: /history/ });
    stage.type("lost\n");
    await sim.advance(50);
    stage.disk.forgetFailures();
    await stage.collaborate();
    stage.type("more\n");
    await sim.advance(1000);
    const lines = stage.file?.split("\n").filter((line) => line !== "lost");
    assertEquals(lines?.toSorted(), ["", "first", "more", "typed"]);
  });
});

Deno.test("editor: what somebody has put at the file's end is told once, also when all have left the page then", async () => {
  await simulate("editor: what somebody has put at the file's end", { seeds: 20 }, async (sim) => {
    const stage = await Stage.open(sim);
    const reader = stage.line();
    stage.tell({ type: "join", member: reader });
    await sim.until(() => stage.count("joined") === 1, 1000, "the reader to have joined");
    stage.disk.write(FILE, `${START}by hand\n`);
    await sim.advance(sim.random.next() * 1000);
    stage.leave();
    await sim.until(() => stage.count("thawed") === 1, 4000, "all to be edited by lines");
    const thawed = stage.told.find((event) => event.type === "thawed");
    assertEquals(thawed?.length, `${START}by hand\n`.length);
    const writer = stage.line();
    stage.tell({ type: "update", member: writer, text: "last" });
    await sim.until(() => stage.count("updated") > 0, 1000, "the line to be told");
    const decoder = new TextDecoder();
    const told = stage.told.map((event) => "bytes" in event ? decoder.decode(event.bytes) : "");
    assertEquals(told.join(""), "by hand\nlast\n");
  });
});

Deno.test("editor: zeros that a failed sync leaves of a line are no edit of the file", async () => {
  await simulate("editor: zeros", { seeds: 40, sometimes: ["zeros"] }, async (sim) => {
    const stage = await Stage.open(sim);
    stage.tell({ type: "update", member: stage.line(), text: "Grüße" });
    await sim.advance(50);
    // Somebody has touched the file: what it holds is made durable before it is compared.
    const file = await sim.settle(sim.host("server").world.disk.open(FILE, { write: true }));
    await sim.settle(file.write(new TextEncoder().encode(START), 0));
    file.close();
    stage.disk.failNext("sync", "other", { path: FILE, dropsPages: true });
    const isDropped = () => stage.file?.includes("\0") === true;
    sim.sometimes("zeros", await sim.until(isDropped, 500).then(() => true, () => false));
    stage.tell({ type: "update", member: stage.line(), text: "last" });
    await sim.advance(5000);
    assertEquals(stage.file, `${START}Grüße\nlast\n`);
  });
});

Deno.test("editor: who comes back is told of others, and not of what their connection before has said of them", async () => {
  await simulate("editor: who comes back", { seeds: 10 }, async (sim) => {
    const stage = await Stage.open(sim);
    stage.bePresent({ clientId: 7, clock: 1, state: '"old"' });
    await stage.collaborate();
    stage.bePresent({ clientId: 9, clock: 1, state: '"other"' });
    await sim.advance(1000);
    // The connection before is dead, which the server does not know yet.
    const before = stage.heard.length;
    await stage.collaborate();
    await sim.advance(sim.random.next() * 400);
    stage.bePresent({ clientId: 7, clock: 2, state: '"new"' });
    await sim.advance(1000);
    const news = awareness(stage.heard.slice(before));
    // Both others are told of the new state, and who has come back of the other.
    assertEquals(news.map(({ state }) => state).toSorted(), ['"new"', '"new"', '"other"']);
    // Under a new clock: who was cut off may have forgotten the states, and still know the clocks.
    const clocks = awareness(stage.heard)
      .filter(({ clientId }) => clientId === 9).map(({ clock }) => clock);
    assert((clocks.at(-1) ?? 0) > (clocks[0] ?? Infinity), `${clocks}`);
  });
});

Deno.test("editor: who comes back is not told what their connection before says until they have spoken", async () => {
  await simulate("editor: who comes back is not told", { seeds: 10 }, async (sim) => {
    const stage = await Stage.open(sim);
    stage.bePresent({ clientId: 7, clock: 1, state: '"old"' });
    await sim.advance(1000);
    await stage.collaborate();
    stage.bePresent({ clientId: 7, clock: 2, state: '"still old"' }, "former");
    // So long that the news goes out, and not so long that who says nothing is told all the same.
    await sim.advance(200);
    assertEquals(awareness(stage.heardLast), []);
    stage.bePresent({ clientId: 7, clock: 3, state: '"new"' });
    await sim.advance(1000);
    assertEquals(awareness(stage.heardLast), []);
  });
});

Deno.test("editor: who edits what a crash has left of the file, before the server is back, takes out no line that it has cut off", async () => {
  await simulate("editor: who edits what a crash has left", { seeds: 15 }, async (sim) => {
    const stage = await Stage.open(sim);
    const writer = stage.line();
    stage.tell({ type: "join", member: writer });
    for (const text of ["second", "third", "fourth"]) stage.tell({ type: "update", member: writer, text });
    const whole = `${START}second\nthird\nfourth\n`;
    await sim.until(() => stage.file === whole, 1000, "the lines to be in the file");
    sim.host("server").crash();
    // Not within the first of them: with so little in common it might be a new line as well.
    const cut = Math.floor(sim.random.between(`${START}sec`.length, whole.length));
    stage.disk.write(FILE, `by hand\n${whole.slice(0, cut)}`);
    sim.host("server").restart(() => {});
    await stage.start();
    await stage.collaborate();
    await sim.until(() => stage.file === `by hand\n${whole}`, 1000, `the file to hold all, cut at ${cut}`);
  });
});

Deno.test("editor: a history that somebody takes away while all edit is written anew before more is acknowledged", async () => {
  await simulate("editor: a history that somebody takes away", { seeds: 20 }, async (sim) => {
    const stage = await Stage.open(sim);
    stage.type("typed\n");
    await sim.until(() => stage.file?.includes("typed") ?? false, 1000, "the file to hold what was typed");
    if (sim.random.chance(0.5)) stage.disk.remove(historyPath(FILE));
    else stage.disk.write(historyPath(FILE), "");
    const before = stage.heard.length;
    stage.type("more\n");
    await sim.until(() => stage.heard.slice(before).some(({ type }) => type === "saved"), 1000, "the edit");
    sim.host("server").crash();
    sim.host("server").restart(() => {});
    await stage.start();
    await stage.collaborate();
    await sim.advance(500);
    assertEquals(stage.file?.split("\n").toSorted(), ["", "first", "more", "typed"]);
    assertEquals(readHistory(stage.disk.read(historyPath(FILE)) ?? new Uint8Array(0)), stage.file);
  });
});

Deno.test("editor: a file that is removed while nobody serves it is written anew, as it is while somebody does", async () => {
  await simulate("editor: a file that is removed", { seeds: 20 }, async (sim) => {
    const stage = await Stage.open(sim);
    stage.type("typed\n");
    await sim.until(() => stage.file?.includes("typed") ?? false, 1000, "the file to hold what was typed");
    const text = stage.file;
    if (sim.random.chance(0.5)) {
      sim.host("server").crash();
      sim.host("server").restart(() => {});
    } else await stage.stop();
    stage.disk.remove(FILE);
    await stage.start();
    assertEquals(stage.file, text);
    await stage.collaborate();
    await sim.advance(500);
    assertEquals(stage.file, text);
  });
});

Deno.test("editor: a part of a line that the full disk has let through is no edit of the file", async () => {
  await simulate("editor: a part of a line", { seeds: 40 }, async (sim) => {
    const stage = await Stage.open(sim);
    const writer = stage.line();
    stage.tell({ type: "join", member: writer });
    const lines = Array.from({ length: 12 }, (_, index) => `line ${index}.`);
    for (const text of lines) {
      if (sim.random.chance(0.3)) stage.disk.failNext("write", "no-space", { path: /document\.txt$|tmp$/ });
      stage.tell({ type: "update", member: writer, text });
      await sim.advance(sim.random.next() * 200);
      stage.disk.forgetFailures();
    }
    const whole = () =>
      `${START}${lines.filter((line) => stage.file?.includes(line)).map((line) => `${line}\n`).join("")}`;
    await sim.advance(4000);
    assertEquals(stage.file, whole());
  });
});

Deno.test("editor: a line that is in the file already when that cannot be looked at is no edit of the file", async () => {
  await simulate("editor: a file that cannot be looked at", { seeds: 20 }, async (sim) => {
    let isUnseen = true;
    // Once, and just behind the line.
    const { disk } = sim.host("server");
    const fails = () => isUnseen && disk.readText(FILE)?.endsWith("a line\n") === true && !(isUnseen = false);
    const stage = await Stage.open(
      sim,
      (world) => ({ ...world, disk: lookingFails(world.disk, fails) }),
    );
    stage.tell({ type: "update", member: stage.line(), text: "a line" });
    await sim.until(() => !isUnseen, 1000, "the look to fail");
    await sim.advance(sim.random.next() * 100);
    const isSaved = sim.random.chance(0.5);
    if (isSaved) stage.disk.write(FILE, `saved\n${stage.file}`);
    await sim.advance(5000);
    assertEquals(stage.file, `${isSaved ? "saved\n" : ""}${START}a line\n`);
    const { text } = await stage.ask<DocumentText>((replyTo) => ({ type: "get-text", replyTo }));
    assertEquals(new TextDecoder().decode(text), stage.file);
  });
});

/** The disk, of which a look at the file fails where that is said. */
function lookingFails(disk: Disk, fails: () => boolean): Disk {
  return withLooks(disk, (path, really, isNow) => {
    if (path !== FILE || !fails()) return really();
    const error = new WorldError("other", "Cannot look at it: for a test");
    if (!isNow) return Promise.reject(error);
    throw error;
  });
}

Deno.test("editor: what cannot be saved while the server is asked to stop does not come into the file", async () => {
  await simulate("editor: what cannot be saved", { seeds: 20 }, async (sim) => {
    const stage = await Stage.open(sim);
    stage.disk.slowness = 20;
    stage.type("lost\n");
    await sim.until(() => stage.disk.underWay.some(({ path }) => path.includes("history")), 1000);
    stage.disk.failNext("sync", "no-space", { path: /history/ });
    await stage.stop();
    assertEquals(stage.file, START);
  });
});
