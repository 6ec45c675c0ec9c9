/**
 * Those for whom the services are, while strangers are at the doors: they are to notice nothing.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import type { SimWorld } from "../../actors/world/sim/mod.ts";
import { delay, LineClient } from "./_harness.ts";
import { HOUSE, SIM_DOORS, type SimDoorName, TOKEN } from "./_strangers_house.ts";

/** Longer than any run: they never connect anew by themselves. */
const SILENCE_MS = 600_000;
const ANSWER_MS = 5000;

/** What somebody asks again and again. */
interface Question {
  readonly door: SimDoorName;
  /** What is said first. */
  readonly hello?: string;
  readonly asks: string;
  readonly hears: RegExp;
  /** So many milliseconds after the last answer. */
  readonly everyMs: number;
}

const QUESTIONS: readonly Question[] = [
  { door: "echo", asks: "hello", hears: /^hello$/, everyMs: 300 },
  { door: "knock", asks: "Knock Knock..", hears: /^Whose there\?$/, everyMs: 300 },
  { door: "calculator", hello: "Ada", asks: "12 + 13", hears: /^25\.0$/, everyMs: 300 },
  {
    door: "records",
    hello: `{"type":"auth","data":"${TOKEN}"}`,
    asks: '{"type":"info"}',
    hears: /"type":"info"/,
    everyMs: 300,
  },
  { door: "chat", hello: "ann", asks: "/who", hears: /^In lobby: (.*, )?ann/, everyMs: 1500 },
];

interface Guest {
  readonly door: SimDoorName;
  readonly client: LineClient;
  answers: number;
}

/** One at each of the doors that lines are spoken at, and two who edit together. */
export class Guests {
  readonly #askers: readonly Guest[];
  readonly #reader: LineClient;
  readonly #sim: SimWorld;
  #written = 0;

  constructor(sim: SimWorld) {
    this.#sim = sim;
    this.#askers = QUESTIONS.map((question) => this.#ask(question));
    const writer = this.#connect("writer", "editor");
    this.#reader = this.#connect("reader", "editor");
    const { clock } = sim.host("writer").world;
    const write = () => {
      if (writer.isConnected && this.#reader.isConnected) writer.send(`line ${this.#written++} of the guest`);
      clock.timer(300, write);
    };
    clock.timer(500, write);
  }

  #connect(name: string, door: SimDoorName): LineClient {
    const { world } = this.#sim.host(name);
    return new LineClient(world, { hostname: HOUSE, port: SIM_DOORS[door].port, silenceMs: SILENCE_MS });
  }

  #ask({ door, hello, asks, hears, everyMs }: Question): Guest {
    const name = `guest-${SIM_DOORS[door].port}`;
    const guest = { door, client: this.#connect(name, door), answers: 0 };
    const { world } = this.#sim.host(name);
    const talk = async () => {
      while (!guest.client.isConnected) await delay(world, 10);
      if (hello !== undefined) guest.client.send(hello);
      await delay(world, 300);
      for (;;) {
        guest.client.send(asks);
        await delay(world, everyMs);
        const received = guest.client.sessions.flatMap((session) => session.received);
        guest.answers = received.filter((line) => hears.test(line)).length;
      }
    };
    void talk();
    return guest;
  }

  /** What the guests of a door have heard. */
  heardAt(door: "chat" | "editor"): string[] {
    const clients = door === "editor" ? [this.#reader] : this.#askers.filter((guest) => guest.door === door)
      .map(({ client }) => client);
    return clients.flatMap(({ sessions }) => sessions.flatMap(({ received }) => received));
  }

  /** Each is there in its first session, and is answered; what was written was read, in its order. */
  async check(): Promise<void> {
    const before = this.#askers.map(({ answers }) => answers);
    for (const [at, guest] of this.#askers.entries()) {
      await this.#sim.until(
        () => guest.answers > (before[at] ?? 0),
        ANSWER_MS,
        `an answer to the guest of ${guest.door}`,
      );
    }
    const clients = [...this.#askers.map(({ client }) => client), this.#reader];
    for (const client of clients) assertEquals(client.sessions.length, 1, "a guest was cut off");
    const written = this.#written;
    const read = () => this.heardAt("editor").filter((line) => line.endsWith(" of the guest"));
    await this.#sim.until(() => read().length >= written, ANSWER_MS, "the reader to have read it all");
    assert(read().every((line, at) => line === `line ${at} of the guest`), read().join());
  }
}
