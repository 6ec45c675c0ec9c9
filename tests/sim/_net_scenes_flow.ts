/**
 * Scenes of net by its rules: who sends much, reads slowly or never, and how connections and servers end.
 *
 * @module
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import type { SimWorld } from "../../actors/world/sim/mod.ts";
import { lineFrames } from "../../protocols/frames.ts";
import { freshHost, SOON_MS } from "./_line_peer.ts";
import { assertTime, NetStage, PORT } from "./_net_stage.ts";

const BULK_BYTES = 700_000;
/** What two kernels, a queue and a few buffers hold. */
const MOST_UNREAD_BYTES = 600_000;

/** Who does not read its answers is not read from; once it reads it has all of them. */
export async function backPressure(sim: SimWorld): Promise<void> {
  const stage = new NetStage(sim, { limits: { slowClientMs: 60_000 } });
  const client = await stage.client();
  const lines = Array.from({ length: 2000 }, (_, index) => `${index} ${"x".repeat(1000)}`);
  let sent = 0;
  const sending = (async () => {
    for (const line of lines) {
      await client.send(`${line}\n`);
      sent += line.length + 1;
    }
  })();
  await sim.advance(sim.random.integer(500, 3000));
  assert(sent < MOST_UNREAD_BYTES, `${sent} bytes were taken of one who reads nothing`);
  client.read();
  await sim.settle(sending);
  await sim.until(() => client.lines.length === lines.length, SOON_MS, "all answers to come");
  assertEquals(client.lines, lines);
}

/** Whom the session does not want to hear is not heard, until it does; nothing is lost by that. */
export async function paused(sim: SimWorld): Promise<void> {
  const stage = new NetStage(sim, {}, (connection) => ({
    frame(line) {
      connection.sendText(`${line}\n`);
      if (!line.startsWith("hold")) return;
      connection.pause();
      connection.context.after(300, "go");
    },
    message(line) {
      connection.sendText(`${line}\n`);
      connection.resume();
    },
  }));
  const client = await stage.reader();
  const lines: string[] = [];
  for (let count = 0; count < 12; count++) {
    const line = sim.random.chance(0.3) ? `hold ${count}` : `line ${count}`;
    lines.push(line, ...(line.startsWith("hold") ? ["go"] : []));
    await client.send(`${line}\n`);
    if (sim.random.chance(0.5)) await sim.advance(sim.random.integer(0, 100));
  }
  await sim.until(() => client.lines.length === lines.length, SOON_MS, "all answers to come");
  assertEquals(client.lines, lines);
}

/** Who takes nothing for `slowClientMs`, or lets too much wait, is parted from; who takes a little is not. */
export async function slowReaders(sim: SimWorld): Promise<void> {
  const slowClientMs = sim.random.integer(400, 1500);
  const limits = { slowClientMs, maxOutboundBytes: BULK_BYTES };
  const stage = new NetStage(sim, { limits }, (connection) => ({
    async frame(line) {
      const bytes = Number(line.split(" ")[1]);
      if (line.startsWith("owed")) connection.allowOutbound(bytes);
      const text = `${"x".repeat(bytes - 1)}\n`;
      if (sim.random.chance(0.5)) connection.sendText(text);
      else connection.send(new TextEncoder().encode(text));
      if (line.startsWith("drain")) await connection.drained();
    },
  }));
  const [slow, twice] = [await stage.client(), await stage.client()];
  await slow.send(`send ${BULK_BYTES}\n`);
  slow.trickle(1 << 16, 0.4 * slowClientMs);
  // It has read all once, and takes nothing the second time.
  let restMs = 0;
  twice.trickle(1 << 16, () => restMs);
  await twice.send(`send ${BULK_BYTES}\n`);
  await sim.until(() => twice.lines.length === 1, SOON_MS, "a client to read all");
  await sim.advance(2 * slowClientMs);
  restMs = 100 * SOON_MS;
  await twice.send(`drain ${BULK_BYTES}\n`);
  const askedMs = sim.now;
  await sim.until(() => stage.over.length > 0, 20 * slowClientMs, "who takes nothing to be parted from");
  const [first] = stage.over;
  assertEquals(first?.reason.type, "slow");
  assertTime("who takes nothing", (first?.atMs ?? 0) - askedMs, slowClientMs, 0.6 * slowClientMs);
  await sim.until(() => slow.lines.length === 1, 100 * slowClientMs, "who reads slowly to have all");
  assertEquals(stage.over.length, 1, "who reads slowly was parted from");
  // What a client is owed at once does not count, and is no licence for later.
  const owed = await stage.reader();
  await owed.send(`owed ${2 * BULK_BYTES}\n`);
  await sim.until(() => owed.lines.length === 1, SOON_MS, "what a client is owed to come");
  await owed.send(`send ${BULK_BYTES + 100}\n`);
  await sim.until(() => owed.hasEnded, SOON_MS, "who lets too much wait to be parted from");
}

/** Who ends its half is answered all that it has said; who is parted from has all that it was sent before. */
export async function halfClosed(sim: SimWorld): Promise<void> {
  const stage = new NetStage(sim, {}, (connection) => ({
    async frame(line) {
      const { clock, random } = connection.context.world;
      await new Promise<void>((resolve) => void clock.timer(random.next() * 20, resolve));
      connection.sendText(`${line}\n`);
      if (line !== "quit") return;
      connection.sendText("x".repeat(BULK_BYTES));
      connection.end();
    },
  }));
  const asking = await stage.reader();
  const lines = Array.from({ length: sim.random.integer(1, 20) }, (_, index) => `line ${index}`);
  await asking.send(lines.join("\n"));
  await asking.closeWrite();
  await sim.until(() => asking.hasEnded, SOON_MS, "the connection to end");
  assertEquals([asking.lines, asking.wasReset], [lines, false]);

  const quitting = await stage.client();
  // What it still says is not looked at, and takes nothing back of what it was sent.
  await quitting.send("quit\nand this\n");
  const more = quitting.send("and that\n".repeat(100));
  more.catch(() => {});
  quitting.trickle(1 << 16, sim.random.integer(0, 30));
  const all = "quit\n".length + BULK_BYTES;
  await sim.until(() => quitting.hasEnded, SOON_MS, "the connection to end");
  assertEquals([quitting.text.length, quitting.wasReset], [all, false]);
  await sim.until(() => stage.over.length === 2, 2000, "who does not close to be closed");
}

/** Who is asked to stop sends what waits, says goodbye, and lets nobody in meanwhile; but not for ever. */
export async function stopped(sim: SimWorld): Promise<void> {
  const drainMs = sim.random.integer(1500, 3000);
  const stage = new NetStage(sim, { drainMs, limits: { slowClientMs: 60_000 } }, (connection) => ({
    frame: (line) => connection.sendText(line === "bulk" ? `${"x".repeat(BULK_BYTES)}\n` : `${line}\n`),
    draining: () => connection.sendText("bye\n"),
  }));
  const [slow, quiet, deaf] = [await stage.client(), await stage.reader(), await stage.client()];
  await stage.ask(quiet, "here");
  for (const client of [slow, deaf]) await client.send("bulk\n");
  await sim.advance(100);
  slow.trickle(1 << 16, drainMs / 20);
  const askedMs = sim.now;
  const stopping = stage.server.shutDown(60_000);
  const { net } = freshHost(sim, "late").world;
  await sim.advance(50);
  const late = net.connectTcp({ hostname: stage.server.name, port: PORT });
  await assertRejects(() => sim.settle(late), Error, undefined, "somebody was let in while the server stops");
  await sim.settle(stopping, 60_000);
  assert(sim.now - askedMs <= drainMs + 100, `the stop took ${sim.now - askedMs} ms, not ${drainMs}`);
  await sim.until(() => slow.hasEnded && quiet.hasEnded, SOON_MS, "all to have ended");
  assertEquals([slow.text.slice(-5), slow.text.length, slow.wasReset], ["\nbye\n", BULK_BYTES + 5, false]);
  assertEquals([quiet.text, quiet.wasReset], ["here\nbye\n", false]);
}

/** An unfinished line is one after silence, counted from its last piece; one that is too long ends it all. */
export async function pieces(sim: SimWorld): Promise<void> {
  const idleFlushMs = sim.random.integer(100, 400);
  const cameMs: number[] = [];
  const frames = () => lineFrames({ idleFlushMs, maxFrameBytes: 100 });
  const stage = new NetStage(sim, { frames }, (connection) => ({
    frame(line) {
      cameMs.push(sim.now);
      connection.sendText(`${line}\n`);
    },
  }));
  const client = await stage.reader();
  const parts = Array.from({ length: sim.random.integer(2, 6) }, (_, index) => `part ${index} `);
  for (const part of parts) {
    await sim.advance(idleFlushMs * sim.random.between(0.2, 0.8));
    await client.send(part);
  }
  const sentMs = sim.now;
  await sim.until(() => client.lines.length > 0, SOON_MS, "the unfinished line to be answered");
  assertEquals(client.lines, [parts.join("")]);
  assertTime("an unfinished line", (cameMs[0] ?? 0) - sentMs, idleFlushMs, 20);
  await client.send(`whole\n${"x".repeat(200)}\nnever\n`);
  await sim.until(() => client.hasEnded, SOON_MS, "the connection to end");
  assertEquals(client.lines.slice(1, 2), ["whole"]);
  assertEquals(client.lines[2]?.startsWith("Error: "), true, "who sends a line too long is told so");
  assertEquals(client.lines.length, 3);
}

/** Who is refused is told so, and gone soon, whether it closes or not; accepting goes on after a failure. */
export async function refused(sim: SimWorld): Promise<void> {
  const stage = new NetStage(sim, { limits: { maxClients: 1, vanishedMs: 0 } });
  const first = await stage.reader();
  await stage.ask(first, "here");
  const stays = await stage.reader();
  await sim.until(() => stays.hasEnded, SOON_MS, "one too many to be refused");
  assertEquals([stays.text, stays.wasReset], ["Server is full. Please try again later.\n", false]);
  await sim.advance(1500);
  await stays.send("still here").catch(() => {});
  await sim.advance(50);
  await assertRejects(() => sim.settle(stays.send("and here")), Error, undefined, "who is refused stays");
  first.close();
  await sim.advance(50);
  sim.net.setDescriptorsLeft(stage.server.name, false);
  const waiting = await stage.reader();
  await sim.advance(sim.random.integer(10, 1000));
  sim.net.setDescriptorsLeft(stage.server.name, true);
  assert(await stage.isServed(waiting), "who waited for a descriptor was not served");
}
