/**
 * Several who want one name at once, at several doors and servers, while its owner is there, is not, has
 * vanished or is just going: all are answered, and one at most has the name.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import type { SimWorld } from "../../actors/world/sim/mod.ts";
import { DOORS } from "./_chat_dialects.ts";
import { LineClient } from "./_harness.ts";

/** What becomes of the owner. Each is every fourth seed's. */
const OWNERS = ["is quiet", "has gone", "has vanished", "is going"] as const;
/** All are one name. */
const SPELLINGS = ["crown", "CROWN", "Crown"];
/** Longer than the owner of a name is asked whether it is there. */
const ANSWER_MS = 10_000;
const SETTLED_MS = 3000;
const STALL_MS = 100;
const LINES = 12;

/** What campaigns with a contest demand to have happened. */
export const CONTESTS: readonly string[] = OWNERS.map((owner) => `several want the name of one who ${owner}`);

/** Holds one at these servers. The owner of the name is at the first. */
export async function contest(sim: SimWorld, servers: readonly string[], vanishedMs: number): Promise<void> {
  const how = OWNERS[sim.seed % OWNERS.length];
  const owner = new Contestant(sim, "owner", servers[0] ?? "", false);
  // Who is alone has nobody who is given it in its place.
  const spellings = sim.seed % 8 < 4 ? SPELLINGS : SPELLINGS.slice(0, 1);
  const rivals = spellings.map((_, index) =>
    new Contestant(sim, `rival-${index}`, servers[(index + 1) % servers.length] ?? "", index === 1)
  );
  for (const one of [owner, ...rivals]) await one.logIn();
  assert(await owner.asks("crown"), "nobody has this name, and it was refused");
  if (how === "has gone") owner.quit();
  // Who was quiet for less than that has its name still.
  const quietMs = how === "has vanished" ? vanishedMs + SETTLED_MS : vanishedMs / 2;
  const untilMs = sim.now + quietMs;
  while (sim.now < untilMs) {
    for (const rival of rivals) rival.liven();
    await sim.advance(Math.min(vanishedMs / 5, untilMs - sim.now));
  }
  // What comes while the servers stand still they read at once: nobody is answered before all have asked.
  const hosts = servers.map((name) => sim.host(name));
  for (const host of hosts) host.pause();
  if (how === "is going") owner.quit();
  // Its owner has all that is said to read, before it can say that it is there.
  for (let line = 0; line < LINES; line++) for (const rival of rivals) rival.say(`line ${line}`);
  const asking = rivals.map((rival, index) => rival.asks(spellings[index] ?? ""));
  await sim.advance(STALL_MS);
  for (const host of hosts) host.resume();
  const had = (await Promise.all(asking)).filter((isGiven) => isGiven).length;
  sim.sometimes(`several want the name of one who ${how}`);
  if (how === "is quiet") assertEquals(had, 0, "somebody was given the name of one who is there");
  else if (how === "is going") assert(had <= 1, `${had} were given one name`);
  else assertEquals(had, 1, `who ${how} has no name, and ${had} of those who want it were given it`);
  // All go, the owner as well: the name is anybody's.
  for (const one of [owner, ...rivals]) one.quit();
  await sim.advance(SETTLED_MS);
  const heir = new Contestant(sim, "heir", servers.at(-1) ?? "", false);
  await heir.logIn();
  assert(await heir.asks("crown"), "all have gone, and the name is taken");
}

/** Somebody with a name, who wants another one. */
class Contestant {
  readonly #sim: SimWorld;
  readonly #name: string;
  readonly #isIrc: boolean;
  readonly #line: LineClient;

  constructor(sim: SimWorld, name: string, hostname: string, isIrc: boolean) {
    this.#sim = sim;
    this.#name = name;
    this.#isIrc = isIrc;
    const port = isIrc ? DOORS.irc : DOORS.line;
    this.#line = new LineClient(sim.host(name).world, { hostname, port, silenceMs: 1e9 });
  }

  async logIn(): Promise<void> {
    await this.#sim.until(() => this.#line.isConnected, ANSWER_MS, `${this.#name} to be connected`);
    if (this.#isIrc) {
      this.#line.send(`NICK ${this.#name}`);
      this.#line.send(`USER ${this.#name} 0 * :${this.#name}`);
    } else this.#line.send(this.#name);
    this.liven();
    await this.#answer(0, / 001 | PONG |^In lobby:/, "in");
  }

  /** Asks for the name; resolves to whether it is given it. */
  async asks(name: string): Promise<boolean> {
    const from = this.#received.length;
    this.#line.send(`${this.#isIrc ? "NICK" : "/nick"} ${name}`);
    const isAnswer = new RegExp(`You are ${name} now|Cannot take that name| 433 | NICK :?${name}`);
    return !/Cannot| 433 /.test(await this.#answer(from, isAnswer, `answered about ${name}`));
  }

  /** Says something that only the server hears. */
  liven(): void {
    this.#line.send(this.#isIrc ? "PING alive" : "/who");
  }

  /** Says something in the lobby, if it is there. */
  say(text: string): void {
    if (!this.#isIrc) this.#line.send(text);
  }

  quit(): void {
    this.#line.send("quit");
  }

  async #answer(from: number, isAnswer: RegExp, what: string): Promise<string> {
    const find = () => this.#received.slice(from).find((line) => isAnswer.test(line));
    await this.#sim.until(() => find() !== undefined, ANSWER_MS, `${this.#name} to be ${what}`);
    return find() ?? "";
  }

  get #received(): readonly string[] {
    return this.#line.sessions.at(-1)?.received ?? [];
  }
}
