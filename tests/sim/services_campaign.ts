/**
 * The small services under chaos, asked by their own clients: every answer is the right one, whoever else
 * asks, or there is none.
 *
 * @module
 */
import { assert } from "@std/assert";
import { calculatorServer } from "../../actors/calculator/mod.ts";
import { clockServer } from "../../actors/clock/mod.ts";
import { jokeServer } from "../../actors/joke/mod.ts";
import { knockServer } from "../../actors/knock/mod.ts";
import { datagramClient, type DatagramOutcome } from "../../actors/net/mod.ts";
import { type SimWorld, switchingZone, type World } from "../../actors/world/sim/mod.ts";
import { ActorSystem, type Ref } from "../../mod.ts";
import { Failure } from "../../tasks/_cli.ts";
import { connectLines } from "../../tasks/_line_client.ts";
import { type Campaign, delay, MACHINE_FAULTS, NETWORK_FAULTS, service, USUAL_FAULTS } from "./_harness.ts";
import { LONG_PAUSE, withstand } from "./_long_pause.ts";

const PORTS = { calculator: 5008, clock: 5005, joke: 5006, knock: 5007 };
const CLIENTS = ["c0", "c1", "c2"];
const CHAOS_MS = 6000;
/** The servers' machine lives where the clocks are put forward in the middle of a run. */
const ZONE = switchingZone("Test/Summer", {
  beforeMinutes: 60,
  afterMinutes: 120,
  atMs: Date.UTC(2026, 0, 1, 0, 0, 4),
});

/** The small services as they are. */
export const services: Campaign = {
  name: "small services under chaos",
  sometimes: [
    ...USUAL_FAULTS,
    LONG_PAUSE,
    ...["an expression had its value", "a knock was answered", "a joke was heard", "the time was told"],
    ...["an answer was lost", "a question was asked again", "a connection was lost"],
  ],
  run,
};

async function run(sim: SimWorld): Promise<void> {
  const hosts = {
    calculator: sim.host("calculator"),
    clock: sim.host("clock", { timeZone: ZONE }),
    joke: sim.host("joke"),
    knock: sim.host("knock"),
  };
  const at = (port: number) => ({ address: { hostname: "::", port }, idleFlushMs: 0 });
  hosts.calculator.start(service("calculator", () => calculatorServer(at(PORTS.calculator))));
  hosts.clock.start(service("clock", () => clockServer(at(PORTS.clock))));
  hosts.joke.start(service("joke", () => jokeServer(at(PORTS.joke))));
  hosts.knock.start(service("knock", () => knockServer(at(PORTS.knock))));
  const clients = CLIENTS.map((name) => new Client(sim, sim.host(name).world, name));
  const network = sim.chaos({ ...NETWORK_FAULTS });
  const machines = [
    sim.chaos({ hosts: Object.keys(hosts), ...MACHINE_FAULTS, killsPerMinute: 60 }),
    sim.chaos({ hosts: CLIENTS, pausesPerMinute: 10, pauseMs: [100, 3000], cpuMs: [0, 0.3] }),
  ];
  await withstand(sim, { forMs: CHAOS_MS, network, machines, hosts: [...Object.keys(hosts), ...CLIENTS] });
  sim.net.configure({ latencyMs: [0.2, 2], datagramLoss: 0, bytesPerSecond: 100_000_000 });
  await sim.advance(6000);
  // Now that all is well, everybody is answered by everything.
  const before = clients.map((client) => ({ ...client.answers }));
  await sim.until(
    () =>
      clients.every(({ answers }, index) =>
        Object.entries(answers).every(([what, count]) =>
          count > Number(Reflect.get(before[index] ?? {}, what))
        )
      ),
    30_000,
    "every service to answer every client",
  );
}

/** One who uses all of the services, again and again. */
class Client {
  readonly answers = { calculator: 0, knock: 0, joke: 0, clock: 0 };
  readonly #sim: SimWorld;
  readonly #world: World;
  readonly #system: ActorSystem;
  readonly #name: string;

  constructor(sim: SimWorld, world: World, name: string) {
    this.#sim = sim;
    this.#world = world;
    this.#name = name;
    this.#system = new ActorSystem("client", { world });
    this.#again(() => this.#calculate());
    this.#again(() => this.#knock());
    this.#askAgain("joke", () => "tell me one", (text) => text === "Ok");
    this.#askAgain("clock", () => "SEND_TIME", (text) => /^\d\d:\d\d:\d\d$/.test(text));
  }

  async #again(use: () => Promise<void>): Promise<void> {
    for (;;) {
      try {
        await use();
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        this.#sim.sometimes("a connection was lost");
      }
      await delay(this.#world, 100 + this.#world.random.next() * 500);
    }
  }

  /** A session: first a name, then expressions; the answers are this session's own. */
  async #calculate(): Promise<void> {
    await using server = await this.#connect("calculator");
    server.send(this.#name);
    for (let i = 0; i < 5; i++) {
      const [left, right] = [this.#sim.random.integer(-1000, 1000), this.#sim.random.integer(1, 1000)];
      const answer = await this.#request(server, `${left} + ${right}`);
      assert(Number(answer) === left + right, `${left} + ${right} is ${answer}`);
      this.#sim.sometimes("an expression had its value");
      this.answers.calculator++;
    }
  }

  async #knock(): Promise<void> {
    await using server = await this.#connect("knock");
    const answer = await this.#request(server, "Knock Knock..");
    assert(answer === "Whose there?", `a knock was answered with ${answer}`);
    this.#sim.sometimes("a knock was answered");
    this.answers.knock++;
  }

  #connect(service: "calculator" | "knock"): ReturnType<typeof connectLines> {
    return connectLines(this.#world, { address: { hostname: service, port: PORTS[service] } });
  }

  /** Nobody tells of a machine that has lost its power: who waits for long gives up. */
  async #request(server: Awaited<ReturnType<typeof connectLines>>, line: string): Promise<string> {
    const late = delay(this.#world, 3000).then(() => {
      throw new Failure("It took too long");
    });
    return await Promise.race([server.request(line), late]);
  }

  async #askAgain(
    service: "joke" | "clock",
    question: () => string,
    isRight: (text: string) => boolean,
  ): Promise<void> {
    const client = this.#system.spawn(
      service,
      datagramClient({ server: { hostname: service, port: PORTS[service] }, retryMs: 200, retries: 2 }),
    );
    for (;;) {
      const outcome = await client.ask<DatagramOutcome>(
        (replyTo: Ref<DatagramOutcome>) => ({ type: "ask", text: question(), replyTo }),
        { timeoutMs: 60_000 },
      );
      this.#sim.sometimes("an answer was lost", outcome.type === "lost");
      this.#sim.sometimes("a question was asked again", outcome.attempts > 1);
      if (outcome.type === "answered") {
        assert(isRight(outcome.text), `${service} said ${outcome.text}`);
        this.#sim.sometimes(service === "joke" ? "a joke was heard" : "the time was told");
        this.answers[service]++;
      }
      await delay(this.#world, 50 + this.#world.random.next() * 300);
    }
  }
}
