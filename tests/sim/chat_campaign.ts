/**
 * The chat under chaos: one order of events for all, nobody leaves twice, and what was heard is in the history.
 *
 * @module
 */
import { assert } from "@std/assert";
import { chatServer } from "../../actors/chat/mod.ts";
import type { SimWorld } from "../../actors/world/sim/mod.ts";
import { type Campaign, LineClient, service } from "./_harness.ts";

const PORT = 5000;
const FILE = "/data/history.log";
const MEMBERS = ["m0", "m1", "m2", "m3"];
const CHAOS_MS = 6000;

/** The chat as it is. */
export const chat: Campaign = { name: "chat under chaos", run };

async function run(sim: SimWorld): Promise<void> {
  const server = sim.host("server");
  server.disk.write(FILE, "");
  server.start(service("chat", () =>
    chatServer({
      address: { hostname: "::", port: PORT },
      historyFile: FILE,
      rate: { perSecond: 0, burst: 1 },
      // The rule for old clients: a slow network would make two messages of one of their lines.
      idleFlushMs: 0,
    })));
  const members = MEMBERS.map((name) => new Member(sim, name));
  const chaos = sim.chaos({ hosts: ["server", ...MEMBERS], partitionsPerMinute: 20, resetsPerMinute: 60 });
  const deaths = sim.chaos({
    hosts: ["server"],
    crashesPerMinute: 20,
    killsPerMinute: 20,
    downMs: [10, 500],
    slowDisksPerMinute: 20,
  });
  await sim.advance(CHAOS_MS);
  chaos.stop();
  deaths.stop();
  const calm = () => sim.until(() => members.every((member) => member.isIn), 20_000, "everybody to be in");
  await calm();
  for (const member of members) member.isTalking = false;
  await sim.advance(3000);
  await calm();
  const [first, ...others] = members;
  await first?.client.send("the last line");
  await sim.until(
    () => others.every((member) => member.heard().some((line) => line.endsWith(": the last line"))),
    20_000,
    "the last line to reach everybody",
  );
  server.crash();
  server.restart();
  const reader = new LineClient(sim.host("reader").world, { hostname: "server", port: PORT });
  await sim.until(() => reader.isConnected, 20_000, "the reader to be connected");
  await reader.send("reader");
  await reader.send("/history");
  await sim.until(
    () => lastOf(reader).some((line) => line.endsWith(": the last line")),
    20_000,
    "the history",
  );

  const sessions = members.flatMap((member) =>
    member.client.sessions.map(({ received }) => received.filter(isEvent))
  );
  checkOrder(sessions);
  checkHistory(lastOf(reader).filter((line) => SPOKEN.test(line)), sessions);
}

/** Names are never used twice, so that each of these can happen once. */
const SPOKEN = /^m\d-\d+: /;
const EVENT = /^m\d-\d+(: | has (joined|left) the chat\.$)/;

function isEvent(line: string): boolean {
  return EVENT.test(line);
}

function lastOf(client: LineClient): readonly string[] {
  return client.sessions.at(-1)?.received ?? [];
}

/** One who logs in under a new name at each connection, and talks. */
class Member {
  readonly client: LineClient;
  isTalking = true;
  #sessions = 0;
  #count = 0;

  constructor(sim: SimWorld, name: string) {
    const { world } = sim.host(name);
    this.client = new LineClient(world, { hostname: "server", port: PORT });
    const act = async () => {
      // One line at a time: two that are written at once would be mixed.
      if (this.client.isConnected) await this.#act(name, world.random.next());
      world.clock.timer(1 + world.random.next() * 60, act);
    };
    act();
  }

  async #act(name: string, chance: number): Promise<void> {
    if (this.client.sessions.length > this.#sessions) {
      this.#sessions = this.client.sessions.length;
      await this.client.send(`${name}-${this.#sessions}`);
      await this.client.send("/who");
    } else if (this.isTalking) {
      await this.client.send(chance < 0.05 ? "quit" : `${name}.${this.#count++}`);
    }
  }

  /** Whether it is in the room, as far as it knows. */
  get isIn(): boolean {
    return this.client.isConnected && this.heard().some((line) => line.startsWith("In lobby:"));
  }

  heard(): readonly string[] {
    return lastOf(this.client);
  }
}

/** Whose event it is: who does something is not told of it. */
function authorOf(event: string): string {
  return event.replace(/[: ].*/s, "");
}

function checkOrder(sessions: readonly (readonly string[])[]): void {
  for (const events of sessions) {
    const twice = events.find((event, index) => events.indexOf(event) !== index);
    assert(twice === undefined, `somebody was told twice: ${twice}`);
  }
  for (const [index, one] of sessions.entries()) {
    const places = new Map(one.map((event, place) => [event, place]));
    for (const other of sessions.slice(index + 1)) checkSameOrder(one, places, other);
  }
}

/** Two who were in the room at once have heard the same between the first and the last that both heard, but for their own. */
function checkSameOrder(
  one: readonly string[],
  places: ReadonlyMap<string, number>,
  other: readonly string[],
): void {
  const common = other.filter((event) => places.has(event));
  const [first, last] = [common[0], common.at(-1)];
  if (first === undefined || last === undefined) return;
  const within = (events: readonly string[]) => events.slice(events.indexOf(first), events.indexOf(last) + 1);
  // What is missing on one side must be what that side did itself: one name, as each session has one.
  const [mine, theirs] = [within(one), within(other)];
  const onlyMine = new Set(mine.filter((event) => !theirs.includes(event)).map(authorOf));
  const onlyTheirs = new Set(theirs.filter((event) => !mine.includes(event)).map(authorOf));
  assert(
    onlyMine.size <= 1 && onlyTheirs.size <= 1,
    `some heard what others did not: ${[...onlyMine, ...onlyTheirs]}`,
  );
  const shared = mine.filter((event) => theirs.includes(event));
  const difference = shared.findIndex((event, place) => event !== common[place]);
  assert(difference < 0, `${shared[difference]} came to some before, to others after ${common[difference]}`);
}

function checkHistory(history: readonly string[], sessions: readonly (readonly string[])[]): void {
  assert(new Set(history).size === history.length, "a line is in the history twice");
  const oldest = history[0];
  for (const events of sessions) {
    const spoken = events.filter((event) => SPOKEN.test(event));
    // The history goes back 50 lines: from there on, all that was heard is in it, in its order.
    const from = spoken.findIndex((event) => history.includes(event));
    if (from < 0) continue;
    let place = history.indexOf(spoken[from] ?? "") - 1;
    for (const event of spoken.slice(from)) {
      const next = history.indexOf(event);
      assert(
        next > place,
        `${event} was heard and is not in its place in the history, which begins with ${oldest}`,
      );
      place = next;
    }
  }
}
