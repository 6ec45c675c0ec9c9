/**
 * A server of a chat that stands still for long, and somebody who waits for it with an open connection.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import type { RoomRecord } from "../../actors/chat/cluster/room_record.ts";
import type { SimWorld } from "../../actors/world/sim/mod.ts";
import { type Dialect, DOORS, LINE } from "./_chat_dialects.ts";
import { Member } from "./_chat_member.ts";
import { LineClient } from "./_harness.ts";

/** What campaigns demand to have happened. */
export const GIVEN_UP = "who was given up while its server slept was cut off";
/** How long it may take to be let in. */
const CALM_MS = 60_000;
/** Between two questions. */
const ASK_MS = 1000;
/** When its server has a lease again, it hears whose its members' names are. */
const CUT_OFF_MS = 10_000;

/** The line door, with the patience of a person at a terminal. */
const PATIENT: Dialect = {
  ...LINE,
  connect: (world, hostname) =>
    new LineClient(world, { hostname, port: DOORS.line, silenceMs: 10 * CALM_MS }),
};

/** Who sleeps, and who knows of it. */
export interface ServerSleep {
  readonly sim: SimWorld;
  readonly server: string;
  readonly sleepMs: number;
  /** The server's lease, as the engine has it. */
  readonly lease: () => Promise<string | undefined>;
  /** What happened in the room, as it is written. */
  readonly records: readonly RoomRecord[];
}

/**
 * The server stands still for so long. Who waited for it is answered nothing until it has a lease again: what
 * it knows by heart may be wrong by now. And is cut off, if the others had given it up.
 */
export async function serverSleeps(sleep: ServerSleep): Promise<Member> {
  const { sim, server, sleepMs, records } = sleep;
  const member = new Member(sim, "patient", "patient", PATIENT, server);
  member.isTalking = false;
  await sim.until(() => member.isIn, CALM_MS, "the patient one to be in");
  // What it has asked so far is answered.
  await sim.advance(ASK_MS);
  const host = sim.host(server);
  const former = await sleep.lease();
  const [visits, before] = [member.visits.length, records.length];
  if (!host.isUp || !member.isIn || former === undefined) return member;
  host.pause();
  for (const endsAtMs = sim.now + sleepMs; sim.now < endsAtMs;) {
    member.askWho();
    await sim.advance(ASK_MS);
  }
  const wasGivenUp = records.slice(before).some(({ fact }) =>
    fact.type === "quit" && fact.person.name.text === member.name
  );
  const known = member.visits.at(-1)?.length ?? 0;
  host.resume();
  await hearsNothing(sleep, member, { known, former });
  if (!wasGivenUp) return member;
  await sim.until(() => member.visits.length > visits, CUT_OFF_MS, "who was given up to be cut off");
  sim.sometimes(GIVEN_UP);
  return member;
}

/** Until its server has another lease than the former one. */
async function hearsNothing(
  { sim, server, lease }: ServerSleep,
  member: Member,
  { known, former }: { readonly known: number; readonly former: string },
): Promise<void> {
  const { length } = member.visits;
  const endsAtMs = sim.now + CUT_OFF_MS;
  for (let now = await lease(); now === undefined || now === former; now = await lease()) {
    const heard = member.visits[length - 1]?.slice(known) ?? [];
    assertEquals(heard.filter((line) => LINE.isIn(line)), [], `what ${server} says without a lease`);
    assert(sim.now < endsAtMs, `${server} does not take a lease again`);
    await sim.advance(1);
  }
}
