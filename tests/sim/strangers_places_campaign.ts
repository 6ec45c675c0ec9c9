/**
 * Strangers who take the places of a server, and who vanish without a word: the kinds 3 and 8 of
 * `docs/faults.md`.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import type { SimWorld } from "../../actors/world/sim/mod.ts";
import type { Campaign } from "./_harness.ts";
import { SIM_DOORS, type SimDoorName, startHouse, Wire } from "./_strangers_house.ts";
import { upgrade } from "./_strangers_talk.ts";

const PLACES = 3;
/** So many come beyond these. */
const TOO_MANY = 5;
const VANISHED_MS = 3000;
const PING_MS = 1000;
/** A server that was asked for a place gives it within so long. */
const SLACK_MS = 3000;

/** What keeps a place at each door, and what who is not let in is told. */
const TALKS: readonly {
  readonly door: SimDoorName;
  readonly hello: (name: string) => string;
  readonly full: RegExp;
  /** It finds out by pings who has vanished. */
  readonly pings?: true;
}[] = [
  { door: "echo", hello: (name) => `${name}\n`, full: /^Server is full\. Please try again later\.\n$/ },
  { door: "editor", hello: () => "", full: /^Server is full\. Please try again later\.\n$/ },
  { door: "knock", hello: (name) => `${name}\n`, full: /^Server is full\. Please try again later\.\n$/ },
  { door: "calculator", hello: (name) => `${name}\n`, full: /^Server is full\. Please try again later\.\n$/ },
  { door: "records", hello: () => '{"type":"auth","data":"open sesame"}\n', full: /^Server is full\./ },
  { door: "chat", hello: (name) => `${name}\n`, full: /^Server is full\. Please try again later\.\n$/ },
  {
    door: "chat, IRC",
    hello: (name) => `NICK ${name}\r\nUSER u 0 * :u\r\n`,
    full: /^ERROR :Server is full\..*\r\n$/,
    pings: true,
  },
  { door: "chat, web", hello: () => upgrade("/chat"), full: /^HTTP\/1\.1 503 /, pings: true },
  { door: "peer", hello: () => "", full: /^Server is full\./ },
];

/** Places that are taken, by who is there or by who is not there any more. */
export const strangersInPlaces: Campaign = {
  name: "strangers in every place",
  sometimes: [
    ...TALKS.flatMap(({ door }) => [`3 at ${door}`, `8 at ${door}`]).filter((name) => name !== "3 at peer"),
    "3: a name that one who vanished had",
  ],
  run,
};

async function run(sim: SimWorld): Promise<void> {
  const limits = {
    maxClients: PLACES,
    vanishedMs: VANISHED_MS,
    loginTimeoutMs: 60_000,
    idleTimeoutMs: 0,
  };
  startHouse(sim, { limits, requestTimeoutMs: 60_000, pingIntervalMs: PING_MS });
  await sim.advance(1500);
  const all = TALKS.map((talk) => {
    if (talk.door === "chat" && sim.random.chance(0.5)) return nameOfVanished(sim);
    return talk.door !== "peer" && sim.random.chance(0.5) ? vanish(sim, talk) : crowd(sim, talk);
  });
  await sim.settle(Promise.all(all), 60_000);
}

/** Everybody beyond is told so, in the words of the door, and closed; those who have the places keep them. */
async function crowd(sim: SimWorld, { door, hello, full, pings }: typeof TALKS[number]): Promise<void> {
  const { port } = SIM_DOORS[door];
  const { world } = sim.host(`crowd-${port}`);
  const served = [];
  for (let place = 0; place < PLACES; place++) served.push(await enter(world, port, hello(`p${place}`)));
  await Promise.all(Array.from({ length: TOO_MANY }, async (_, index) => {
    const wire = await Wire.open(world, port);
    if (index % 2 === 0) await wire.send(hello(`x${index}`).repeat(20));
    assert(await wire.ends(2000), `${door}: who has no place is not closed`);
    assert(full.test(wire.heard), `${door}: who has no place is told ${JSON.stringify(wire.heard)}`);
    wire.close();
  }));
  // Nobody answers the pings of these.
  if (!pings) { for (const wire of served) assertEquals(wire.isEnded, false, `${door}: a place was lost`); }
  served.pop()?.close();
  const { host } = { host: sim.host(`next-${port}`) };
  await untilServed(host.world, port, full, 2000, door);
  sim.sometimes(`8 at ${door}`);
}

/** They take all places, and their machine loses its power: the next ones are let in in time. */
async function vanish(sim: SimWorld, { door, hello, full }: typeof TALKS[number]): Promise<void> {
  const { port } = SIM_DOORS[door];
  const ghost = sim.host(`ghost-${port}`);
  for (let place = 0; place < PLACES; place++) await enter(ghost.world, port, hello(`g${place}`));
  ghost.crash();
  const { world } = sim.host(`next-${port}`);
  const early = await Wire.open(world, port);
  assert(await early.ends(2000) && full.test(early.heard), `${door}: ${JSON.stringify(early.heard)}`);
  await untilServed(world, port, full, VANISHED_MS + SLACK_MS, door);
  sim.sometimes(`3 at ${door}`);
}

/** A name is not held by one who has vanished: who asks for it again gets it, and the others hear of it. */
async function nameOfVanished(sim: SimWorld): Promise<void> {
  const { port } = SIM_DOORS.chat;
  const bob = await enter(sim.host("bob").world, port, "bob\n");
  const ghost = sim.host("ghost");
  await enter(ghost.world, port, "ann\n");
  assert(await bob.hears(/^ann has joined the chat\.$/m, 2000), bob.heard);
  ghost.crash();
  const { world } = sim.host("again");
  const again = await enter(world, port, "ann\n");
  assert(await again.hears(/^Error: .*taken/, 2000), again.heard);
  const talking = world.clock.monotonic();
  while (!/^ann has left the chat\.\nann has joined/m.test(bob.heard)) {
    assert(world.clock.monotonic() - talking < VANISHED_MS + SLACK_MS, bob.heard);
    // Who is there says something now and then.
    await bob.send("still here\n");
    await again.send("ann\n");
    await again.ends(500);
  }
  sim.sometimes("3: a name that one who vanished had");
}

async function enter(world: Parameters<typeof Wire.open>[0], port: number, hello: string): Promise<Wire> {
  const wire = await Wire.open(world, port);
  if (hello !== "") await wire.send(hello);
  await wire.ends(100);
  return wire;
}

/** Comes back until it is let in. */
async function untilServed(
  world: Parameters<typeof Wire.open>[0],
  port: number,
  full: RegExp,
  limitMs: number,
  door: string,
): Promise<void> {
  const startedMs = world.clock.monotonic();
  for (;;) {
    const wire = await Wire.open(world, port);
    if (!await wire.ends(200)) return;
    assert(full.test(wire.heard), `${door}: ${JSON.stringify(wire.heard)}`);
    assert(world.clock.monotonic() - startedMs < limitMs, `${door}: no place for ${limitMs} ms`);
  }
}
