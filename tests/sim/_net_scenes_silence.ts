/**
 * Scenes of net by its rules: for how long a peer may be silent, and who has to make room.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import type { SimHost, SimWorld } from "../../actors/world/sim/mod.ts";
import { freshHost, type LinePeer, SOON_MS } from "./_line_peer.ts";
import { assertTime, NetStage } from "./_net_stage.ts";

const BULK_BYTES = 600_000;

/** Who is silent for `idleTimeoutMs` is closed then, counted from what came last; nobody else is. */
export async function idle(sim: SimWorld): Promise<void> {
  const idleTimeoutMs = sim.random.integer(400, 2000);
  const stage = new NetStage(sim, { limits: { idleTimeoutMs } }, (connection) => ({
    frame(line) {
      if (line === "bulk") connection.sendText("x".repeat(BULK_BYTES));
      if (line === "later") connection.context.after(3 * idleTimeoutMs, "later");
      connection.sendText(`${line}\n`);
    },
    message(line) {
      connection.sendText(`${line} on\n`);
      connection.end();
    },
    // Who has ended its half may well wait for an answer.
    ended() {},
  }));
  const [silent, talker, half] = [await stage.reader(), await stage.reader(), await stage.reader()];
  const cameMs = sim.now;
  await half.send("later\n");
  await half.closeWrite();
  for (let count = 0; count < 6; count++) {
    await sim.advance(idleTimeoutMs * sim.random.between(0.3, 0.9));
    assert(!talker.hasEnded, "one who talks is taken for idle");
    await stage.ask(talker, `line ${count}`);
  }
  const spokeMs = sim.now;
  // Who has something to read is not silent.
  const slow = await stage.client();
  await slow.send("bulk\n");
  slow.trickle(1 << 16, idleTimeoutMs / 4);
  await sim.until(() => slow.text.endsWith("bulk\n"), 10 * idleTimeoutMs, "all to be sent");
  await stage.ask(slow, "and now");
  assertEquals(half.text, "later\nlater on\n");
  await sim.until(() => slow.hasEnded && talker.hasEnded, SOON_MS, "who is idle to be closed");
  assertTime("who says nothing", silent.endedAtMs - cameMs, idleTimeoutMs);
  assertTime("who says nothing more", talker.endedAtMs - spokeMs, idleTimeoutMs);
  assertEquals(slow.text.length, BULK_BYTES + "bulk\nand now\n".length);
}

/** Where all places are taken, who has been silent the longest makes room, and nobody else. */
export async function room(sim: SimWorld): Promise<void> {
  const vanishedMs = sim.random.integer(300, 1500);
  const stage = new NetStage(sim, { limits: { maxClients: 3, vanishedMs } });
  for (let round = 0; round < 4; round++) {
    const sleeper = await stage.reader();
    await stage.ask(sleeper, "here");
    await sim.advance(vanishedMs / 10);
    const [other, talker] = [await stage.reader(), await stage.reader()];
    await stage.ask(talker, "here");
    assert(!await stage.isServed(await stage.reader()), "there were more clients than there may be");
    // The sleeper has been silent for long once, and has spoken since: it is silent anew.
    for (let turn = 0; turn < 4; turn++) {
      await sim.advance(vanishedMs / 2);
      await stage.ask(talker, `turn ${turn}`);
      if (turn < 3) await stage.ask(other, `other's turn ${turn}`);
    }
    await stage.ask(sleeper, "awake");
    assert(!await stage.isServed(await stage.reader()), "who had just spoken had to make room");
    for (let turn = 4; turn < 8; turn++) {
      await sim.advance(vanishedMs / 3);
      await stage.ask(talker, `turn ${turn}`);
      await stage.ask(other, `other's turn ${turn}`);
    }
    const late = await stage.reader();
    assert(await stage.isServed(late), "nobody made room, though one has been silent for long");
    await sim.until(() => sleeper.hasEnded, SOON_MS, "who made room to be closed");
    assert(sleeper.text.includes("your place is needed"), "who made room was not told so");
    assert(!await stage.isServed(await stage.reader()), "there were more clients than there may be");
    for (const client of [other, talker, late]) {
      assert(!client.hasEnded, "one who was not silent had to make room");
      client.close();
    }
    await sim.advance(100);
  }
}

/** The clients of one address have a limit of their own, and make room for each other alone. */
export async function addresses(sim: SimWorld): Promise<void> {
  const vanishedMs = sim.random.integer(300, 1500);
  const stage = new NetStage(sim, { limits: { maxPerAddress: 2, vanishedMs } });
  const [house, neighbour] = [freshHost(sim, "house"), freshHost(sim, "neighbour")];
  // Over IPv4: all hosts here are of one /64 network of IPv6.
  const reader = (host: SimHost) => stage.reader(host, stage.server.addresses[0]);
  for (let round = 0; round < 4; round++) {
    const apart = await reader(neighbour);
    await stage.ask(apart, "here");
    await sim.advance(vanishedMs / 4);
    const pair = [await reader(house), await reader(house)];
    for (const client of pair) await stage.ask(client, "here");
    assert(!await stage.isServed(await reader(house)), "an address had more than it may");
    const other = await reader(neighbour);
    assert(await stage.isServed(other), "one address took the places of another");
    await sim.advance(1.5 * vanishedMs);
    const late = await reader(house);
    assert(await stage.isServed(late), "nobody of the address made room");
    await sim.advance(10);
    assertEquals(pair.filter(({ hasEnded }) => hasEnded).length, 1, "one of the address makes room");
    assert(!apart.hasEnded && !other.hasEnded, "somebody of another address made room");
    closeAll([apart, other, late, ...pair]);
    await sim.advance(100);
  }
}

function closeAll(clients: readonly LinePeer[]): void {
  for (const client of clients) client.close();
}

/** Who does not log in in time is told so, and closed, however much it says; who does has time. */
export async function login(sim: SimWorld): Promise<void> {
  const loginTimeoutMs = sim.random.integer(300, 1000);
  const stage = new NetStage(sim, { login: true, limits: { loginTimeoutMs } }, (connection) => ({
    frame(line) {
      if (line === "login") connection.loggedIn();
      connection.sendText(`${line}\n`);
    },
  }));
  const [silent, guest, typist] = [await stage.reader(), await stage.reader(), await stage.reader()];
  const cameMs = sim.now;
  await sim.advance(loginTimeoutMs / 2);
  await stage.ask(guest, "login");
  let tries = 0;
  for (; tries < 30 && !typist.hasEnded; tries++) {
    await typist.send(`try ${tries}\n`).catch(() => {});
    await sim.advance(0.8 * loginTimeoutMs);
  }
  assertTime("who never logs in", silent.endedAtMs - cameMs, loginTimeoutMs);
  assert(silent.text.includes("you did not log in in time"), "who is late was not told so");
  assert(tries >= 10 && tries <= 13, `who mistypes its name had ${tries} tries`);
  assert(!guest.hasEnded, "who has logged in was closed as if it had not");
  await stage.ask(guest, "still here");
}
