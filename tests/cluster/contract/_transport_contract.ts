/**
 * Messages between hosts.
 *
 * @module
 */
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { NoHost, OutcomeUnknown, type Transport } from "../../../actors/cluster/mod.ts";
import type { Guarantee, Subject } from "./_guarantee.ts";

const TIMEOUT = { timeoutMs: 5000 };

/** Servers take a moment to tell each other who serves what. */
async function reach({ pause }: Subject, transport: Transport, address: string, body = ""): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    try {
      return void await transport.ask(address, body, TIMEOUT);
    } catch (error) {
      if (!(error instanceof NoHost)) throw error;
    }
    await pause(10);
  }
}

/** Guarantees of `Transport`. */
export const transportContract: readonly Guarantee[] = [
  {
    name: "requests of one sender arrive in order and are answered each",
    async run(subject) {
      const { connect, unique } = subject;
      const [server, client] = [(await connect()).transport, (await connect()).transport];
      const seen: string[] = [];
      await using _serving = await server.serve(`${unique}.address`, (body) => {
        seen.push(body);
        return `${body} 🎭`;
      });
      await reach(subject, client, `${unique}.address`);
      seen.length = 0;
      const sent = Array.from({ length: 200 }, (_, n) => `${n}`);
      const answers = await Promise.all(sent.map((body) => client.ask(`${unique}.address`, body, TIMEOUT)));
      assertEquals(seen, sent);
      assertEquals(answers, sent.map((body) => `${body} 🎭`));
    },
  },
  {
    name: "an address that nobody serves is told at once",
    async run({ connect, unique }) {
      const { transport } = await connect();
      await assertRejects(() => transport.ask(`${unique}.nobody`, "", { timeoutMs: 600_000 }), NoHost);
      const serving = await transport.serve(`${unique}.somebody`, () => "yes");
      assertEquals(await transport.ask(`${unique}.somebody`, "", TIMEOUT), "yes");
      await serving[Symbol.asyncDispose]();
      await assertRejects(() => transport.ask(`${unique}.somebody`, "", { timeoutMs: 600_000 }), NoHost);
    },
  },
  {
    name: "a request that is not answered in time has an unknown outcome",
    async run({ connect, unique }) {
      const { transport } = await connect();
      await using _serving = await transport.serve(`${unique}.address`, () => new Promise(() => {}));
      await assertRejects(() => transport.ask(`${unique}.address`, "", { timeoutMs: 50 }), OutcomeUnknown);
    },
  },
  {
    name: "those who serve an address as a group share its requests",
    async run(subject) {
      const { connect, unique } = subject;
      const hosts = await Promise.all([connect(), connect(), connect()]);
      const counts = [0, 0, 0];
      await using servers = new AsyncDisposableStack();
      for (const [n, { transport }] of hosts.entries()) {
        servers.use(
          await transport.serve(`${unique}.address`, () => {
            counts[n] = (counts[n] ?? 0) + 1;
            return "";
          }, { group: "hosts" }),
        );
      }
      for (const { transport } of hosts) await reach(subject, transport, `${unique}.address`);
      counts.fill(0);
      // An engine may prefer those that are near who asks: so each asks.
      const ask = (n: number) => hosts[n % 3]?.transport.ask(`${unique}.address`, "", TIMEOUT);
      await Promise.all(Array.from({ length: 300 }, (_, n) => ask(n)));
      assertEquals(counts.reduce((sum, count) => sum + count), 300);
      // Servers that have yet to tell each other of some come to them later.
      for (let tries = 0; tries < 3000 && counts.includes(0); tries++) await ask(tries);
      assert(counts.every((count) => count > 0), `${counts}`);
    },
  },
  {
    name: "what is published reaches all that subscribe, in order, and nobody who left",
    async run({ connect, unique, pause }) {
      const [one, two] = await Promise.all([connect(), connect()]);
      // What a connection subscribed to it hears of itself from then on; of others once the servers have
      // talked.
      const publisher = one;
      const seen: [string[], string[]] = [[], []];
      const topic = `topic.${unique}`;
      const done = Promise.withResolvers<void>();
      await using _one = await one.transport.subscribe(topic, (body) => {
        seen[0].push(body);
        if (seen[0].length === 100) done.resolve();
      });
      const left = await two.transport.subscribe(topic, (body) => seen[1].push(body));
      await left[Symbol.asyncDispose]();
      const sent = Array.from({ length: 100 }, (_, n) => `${n}`);
      for (const body of sent) publisher.transport.publish(topic, body);
      await done.promise;
      await pause(10);
      assertEquals(seen, [sent, []]);
    },
  },
  {
    name: "a body over the limit is refused with its size, and one at the limit arrives",
    async run({ connect, unique }) {
      const { transport } = await connect();
      await using _serving = await transport.serve(`${unique}.address`, (body) => `${body.length}`);
      const most = "x".repeat(transport.maxBodyBytes);
      assertEquals(await transport.ask(`${unique}.address`, most, TIMEOUT), `${most.length}`);
      await assertRejects(() => transport.ask(`${unique}.address`, `${most}x`, TIMEOUT), RangeError, "bytes");
      assertThrows(() => transport.publish(`topic.${unique}`, `${most}x`), RangeError, "bytes");
    },
  },
];
