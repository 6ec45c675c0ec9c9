/**
 * Strangers who send datagrams, and names that stand for several addresses: the kinds 1 and 6 of
 * `docs/faults.md`.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { calculatorServer } from "../../actors/calculator/mod.ts";
import { clockServer } from "../../actors/clock/mod.ts";
import { echoServer } from "../../actors/echo/mod.ts";
import { jokeServer } from "../../actors/joke/mod.ts";
import { datagramClient, type DatagramOutcome } from "../../actors/net/mod.ts";
import type { SimHost, SimWorld, World } from "../../actors/world/sim/mod.ts";
import type { SocketAddress } from "../../actors/world/world.ts";
import { ActorSystem, type Ref } from "../../mod.ts";
import { type Campaign, delay, service } from "./_harness.ts";
import { Wire } from "./_strangers_house.ts";

const PORT = 7000;
const MAX_PER_SECOND = 50;
const FORGED = ["hello", "SEND_DATE", "x", "Ok", "Error: unknown request", "12:00:00", "\ufeffOk"];
/** An answer to a shorter request has so many bytes at most. */
const MAX_ANSWER_BYTES = 64;

const SERVERS = {
  echo: (address: SocketAddress) =>
    service("echo", () => echoServer({ address, udp: true, maxPerSecond: MAX_PER_SECOND })),
  clock: (address: SocketAddress) =>
    service("clock", () => clockServer({ address, maxPerSecond: MAX_PER_SECOND })),
  joke: (address: SocketAddress) =>
    service("joke", () => jokeServer({ address, maxPerSecond: MAX_PER_SECOND })),
} as const;
type UdpServer = keyof typeof SERVERS;

const names = ["echo", "clock", "joke"] as const;
const PAIRS = names.flatMap((one) => names.map((other) => [one, other] as const));

/** What one datagram can begin, and how a name is found. */
export const strangersWithDatagrams: Campaign = {
  name: "strangers with datagrams",
  sometimes: [
    ...PAIRS.map(([one, other]) => `6: ${other} answers ${one}`),
    ...names.map((name) => `6: a flood at ${name}`),
    ...names.map((name) => `1 at ${name}`),
    "1 at calculator",
  ],
  async run(sim) {
    sim.net.configure({ datagramDuplication: 0, datagramLoss: 0, latencyMs: [0.2, 20] });
    await Promise.all([
      ...PAIRS.map(([one, other]) => forge(sim, one, other)),
      ...names.map((name) => flood(sim, name)),
      ...names.map((name) => askByName(sim, name)),
      connectByName(sim),
      sim.advance(6000),
    ]);
  },
};

function start(host: SimHost, name: UdpServer): void {
  host.start(SERVERS[name]({ hostname: "::", port: PORT }));
}

/** How many datagrams the service on a host has taken up. */
function received(host: SimHost): number {
  return host.log.lines().filter((line) => /Server received MESSAGE=|Received:/.test(line)).length;
}

/** One service believes that another has asked it something. */
async function forge(sim: SimWorld, one: UdpServer, other: UdpServer): Promise<void> {
  const [first, second] = [sim.host(`${one}-as-${other}`), sim.host(`${other}-for-${one}`)];
  start(second, other);
  await delay(first.world, 500);
  // Sent from the very port that the service has a moment later: to it, the answers come unasked.
  const socket = first.world.net.bindUdp({ hostname: "::", port: PORT });
  for (const text of FORGED) {
    await socket.send(new TextEncoder().encode(text), { hostname: second.name, port: PORT });
  }
  socket.close();
  start(first, one);
  await delay(first.world, 4000);
  const [asked, answers] = [received(second), received(first)];
  assert(asked + answers <= 3 * FORGED.length, `${one} and ${other}: ${asked} and ${answers} datagrams`);
  sim.sometimes(`6: ${other} answers ${one}`, asked > 0);
}

/** Many datagrams of one address, from many ports: few are answered, and no answer is long. */
async function flood(sim: SimWorld, name: UdpServer): Promise<void> {
  const server = sim.host(`flooded-${name}`);
  start(server, name);
  const { world } = sim.host(`flood-${name}`);
  await delay(world, 500);
  const startedMs = world.clock.monotonic();
  let answers = 0;
  for (let port = 0; port < 10; port++) {
    const socket = world.net.bindUdp({ hostname: "::", port: 0 });
    const listen = async () => {
      for (;;) {
        const { bytes } = await socket.receive();
        answers++;
        assert(bytes.length <= MAX_ANSWER_BYTES, `${name} answers ${bytes.length} bytes`);
      }
    };
    listen().catch((error) => {
      if (!/closed/.test(String(error))) throw error;
    });
    for (let index = 0; index < 40; index++) {
      await socket.send(new TextEncoder().encode(`question ${index}`), {
        hostname: server.name,
        port: PORT,
      });
    }
    await delay(world, 50);
    socket.close();
  }
  const seconds = (world.clock.monotonic() - startedMs) / 1000;
  assert(answers > 0 && answers <= MAX_PER_SECOND * (seconds + 2), `${name}: ${answers} in ${seconds} s`);
  const lines = server.log.lines().length;
  assert(lines < 100, `${name}: ${lines} lines of log for 400 datagrams`);
  sim.sometimes(`6: a flood at ${name}`);
}

/** A name with addresses of which some lead nowhere: whoever is told it finds the service. */
async function askByName(sim: SimWorld, name: UdpServer): Promise<void> {
  const server = sim.host(`named-${name}`);
  start(server, name);
  const service = `service-${name}`;
  sim.net.setName(service, addressesOf(sim, server));
  const { world } = sim.host(`asks-${name}`);
  const system = new ActorSystem("client", { world });
  const client = system.spawn(
    "client",
    datagramClient({ server: { hostname: service, port: PORT }, retryMs: 100, retries: 1 }),
  );
  await delay(world, 300);
  const outcome = await client.ask<DatagramOutcome>(
    (replyTo: Ref<DatagramOutcome>) => ({ type: "ask", text: "SEND_TIME", replyTo }),
    { timeoutMs: 60_000 },
  );
  assertEquals(outcome.type, "answered", name);
  sim.sometimes(`1 at ${name}`);
}

async function connectByName(sim: SimWorld): Promise<void> {
  const server = sim.host("named");
  // Of a name, each address of its own is listened at.
  server.start(
    service("calculator", () => calculatorServer({ address: { hostname: "localhost", port: PORT } })),
  );
  await delay(server.world, 300);
  for (const address of ["::1", "127.0.0.1", "localhost"]) await calculate(server.world, address);
  const anywhere = sim.host("named-anywhere");
  anywhere.start(service("calculator", () => calculatorServer({ address: { hostname: "::", port: PORT } })));
  sim.net.setName("service", addressesOf(sim, anywhere));
  const { world } = sim.host("asks");
  await delay(world, 300);
  await calculate(world, "service");
  sim.sometimes("1 at calculator");
}

async function calculate(world: World, hostname: string): Promise<void> {
  const wire = await Wire.open(world, PORT, hostname);
  await wire.send("Ada\n1 + 1\n");
  assert(await wire.hears(/^2\.0$/m, 2000), `at ${hostname}: ${wire.heard}`);
  wire.close();
}

/** Its own, and those of a machine that is there and does not serve, in any order. */
function addressesOf(sim: SimWorld, server: SimHost): string[] {
  return sim.random.shuffle([...server.addresses, ...sim.host("elsewhere").addresses]);
}
