/**
 * Strangers at every door of every service at once: the kinds 2, 4, 5, 7 and 10 of `docs/faults.md`.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import type { SimHost, SimWorld, World } from "../../actors/world/sim/mod.ts";
import { PLACES } from "../records/_store.ts";
import { type Campaign, delay } from "./_harness.ts";
import { Guests } from "./_strangers_guests.ts";
import { DOCUMENT, SIM_DOORS, type SimDoorName, startHouse, Wire } from "./_strangers_house.ts";
import { DEED, DEEDS, dragged, HIDDEN, hostileTalk, MARKED, PAGES, TLS_HELLO } from "./_strangers_talk.ts";
import { cameBack, guessedTokens } from "./_strangers_rates.ts";

/** What a first phase may take, where the service says so; the rest says it itself. */
const LOGIN_MS = 1500;
/** A peer has 5 s, a head at the tracker 10 s, and a handshake of the swarm, looked at each 5 s, as long. */
const FIRST_PHASE_MS: Partial<Record<SimDoorName, number>> = { peer: 5000, tracker: 10_000, sharing: 15_000 };
const SLACK_MS = 1500;
/** So many attacks in one run, of all that there are. */
const ATTACKS = 12;
/** How far apart the pieces of a line may come. */
const MAX_GAP_MS = 40;
const START_MS = 1500;
/** Attacks begin within so long. */
const SIEGE_MS = 3000;
const ANSWER_MS = 5000;

/** Where an attack comes from. */
interface Stage {
  readonly world: World;
  /** A machine that has nothing to do with it. */
  readonly elsewhere: World;
  readonly house: SimHost;
}

/** One kind of attack at one door. */
interface Attack {
  readonly name: string;
  run(stage: Stage): Promise<void>;
}

const doors = Object.keys(SIM_DOORS).filter((name): name is SimDoorName => name in SIM_DOORS);
const closed = doors.filter((name) => !["anything", "http"].includes(SIM_DOORS[name].speaks));

const ALL: readonly Attack[] = [
  ...dragged.map(({ door, again, first = "" }) => ({
    name: `2 at ${door}: ${JSON.stringify((first || again).slice(0, 12))}`,
    run: ({ world }: Stage) => drag(world, door, again, first),
  })),
  ...closed.flatMap((door) =>
    [...PAGES.map((head) => head + DEEDS), TLS_HELLO].map((page, index) => ({
      name: `4 at ${door}: ${typeof page === "string" ? `page ${index}` : "TLS"}`,
      run: ({ world }: Stage) => browse(world, door, page),
    }))
  ),
  ...(["chat", "chat, IRC", "chat, web"] as const).map((door) => ({
    name: `5 at ${door}`,
    run: (stage: Stage) => cameBack(stage, door),
  })),
  ...(["records", "editor, web"] as const).map((door) => ({
    name: `5 at ${door}`,
    run: ({ world }: Stage) => guessedTokens(world, door),
  })),
  ...MARKED.map(({ door, says, hears }) => ({
    name: `7 at ${door}`,
    run: ({ world, house }: Stage) => mark(world, door, says, hears, house),
  })),
  ...doors.map((door) => ({ name: `10 at ${door}`, run: ({ world }: Stage) => breakLines(world, door) })),
];

/** Strangers at all doors, while others use the services. */
export const strangersAtDoors: Campaign = {
  name: "strangers at every door",
  sometimes: ALL.map(({ name }) => name),
  run,
};

async function run(sim: SimWorld): Promise<void> {
  const limits = { loginTimeoutMs: LOGIN_MS, vanishedMs: 0 };
  const house = startHouse(sim, { limits, requestTimeoutMs: LOGIN_MS, pingIntervalMs: 60_000 });
  await sim.advance(START_MS);
  const guests = new Guests(sim);
  await sim.advance(500);
  const { latencyMs: [leastMs, mostMs] } = sim.net.draw();
  // What has no end, and is followed by nothing for 50 ms, is a line: the rule for old clients.
  sim.net.configure({ latencyMs: [leastMs, Math.min(mostMs, leastMs + MAX_GAP_MS)] });
  const attacks = sim.random.shuffle([...ALL]).slice(0, ATTACKS).map(async (attack, index) => {
    // Each from an address of its own: what one does is not counted against another.
    const { world } = sim.host(`evil${index}`);
    const elsewhere = sim.host(`elsewhere${index}`).world;
    await delay(world, sim.random.integer(0, SIEGE_MS));
    await attack.run({ world, elsewhere, house });
    sim.sometimes(attack.name);
  });
  await sim.settle(Promise.all(attacks), 60_000);
  sim.net.configure({ latencyMs: [0.2, 2], bytesPerSecond: 100_000_000 });
  await guests.check();
  checkNothingDone(house, guests);
  checkLog(house);
}

/** Begins what it never ends: it is closed in its time. */
async function drag(world: World, door: SimDoorName, again: string, first: string): Promise<void> {
  const wire = await Wire.open(world, SIM_DOORS[door].port);
  const limitMs = (FIRST_PHASE_MS[door] ?? LOGIN_MS) + SLACK_MS;
  await wire.send(first);
  for (let spentMs = 0; !wire.isEnded; spentMs += 100) {
    assert(spentMs <= limitMs, `${door}: ${JSON.stringify(again)} holds a place for ${spentMs} ms`);
    if (again !== "") await wire.send(again);
    await wire.ends(80);
  }
  wire.close();
}

/** What a page can have a browser send: closed at once, and nothing is said but that it is no message. */
async function browse(world: World, door: SimDoorName, page: string | Uint8Array): Promise<void> {
  const wire = await Wire.open(world, SIM_DOORS[door].port);
  await wire.send(page);
  assert(await wire.ends(2000), `${door}: a browser's page is not closed`);
  // A reset may have cut the line that says why.
  const heard = wire.heard.replace(/^(Error: |\{"client_ID":null,"type":"error"|\{).*$/gm, "").trim();
  assert(!wire.heard.includes("success"), wire.heard);
  // Whoever comes to the editor is sent the document, before it has said anything.
  if (door !== "editor") assertEquals(heard, "", door);
  wire.close();
}

/** A mark before the first line, in one piece or in three, is none of it. */
async function mark(
  world: World,
  door: SimDoorName,
  says: string,
  hears: RegExp,
  house: SimHost,
): Promise<void> {
  const wire = await Wire.open(world, SIM_DOORS[door].port);
  const bytes = Uint8Array.of(0xef, 0xbb, 0xbf);
  const cut = world.random.next() < 0.5;
  for (const piece of cut ? [bytes.subarray(0, 1), bytes.subarray(1, 2), bytes.subarray(2)] : [bytes]) {
    await wire.send(piece);
    if (cut) await delay(world, 70);
  }
  await wire.send(says);
  const isRight = () => hears.test(wire.heard) || house.log.lines().some((line) => hears.test(line));
  assert(await wire.until(isRight, ANSWER_MS), `${door}: ${JSON.stringify(wire.heard)}`);
  wire.close();
}

/** Says what would break a line of the log, or hide in it. */
async function breakLines(world: World, door: SimDoorName): Promise<void> {
  const wire = await Wire.open(world, SIM_DOORS[door].port);
  await wire.send(hostileTalk(SIM_DOORS[door].speaks));
  await wire.ends(LOGIN_MS);
  wire.close();
}

/** Whatever a page told a service to do has not been done, and nobody has heard of it. */
function checkNothingDone(house: SimHost, guests: Guests): void {
  assertEquals(house.disk.readText(`${PLACES.filesDirectory}/666.txt`), undefined);
  assert(!house.disk.readText(DOCUMENT)?.includes(DEED), "a page has written into the document");
  for (const door of ["editor", "chat"] as const) {
    assert(!guests.heardAt(door).some((line) => line.includes(DEED)), `a page was heard at ${door}`);
  }
  for (const line of house.log.lines()) {
    assert(!new RegExp(`${DEED}.* has logged in|SERVER RECEIVED: ${DEED}`).test(line), line);
  }
}

/** Every line is one, and nothing hides in it; no failure has been told. */
function checkLog(house: SimHost): void {
  for (const line of house.log.lines()) assert(!HIDDEN.test(line), JSON.stringify(line));
  for (const { level, message } of house.log.records) assert(level !== "error", message);
}
