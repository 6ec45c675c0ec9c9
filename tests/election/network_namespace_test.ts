import { assert, assertEquals } from "@std/assert";
import { available } from "../_helpers.ts";
import { PeerNetwork, type Place } from "./_peers.ts";

async function ip(...args: string[]): Promise<boolean> {
  const { success } = await new Deno.Command("ip", { args, stdin: "null", stdout: "null", stderr: "null" })
    .output();
  return success;
}

/** Hosts of their own, each with a cable to one switch; the cables can be pulled. */
class Hosts implements AsyncDisposable {
  static #count = 0;
  readonly #prefix = `troupe-${Deno.pid}-${Hosts.#count++}`;
  readonly #size: number;

  constructor(size: number) {
    this.#size = size;
  }

  get #switch(): string {
    return `${this.#prefix}-switch`;
  }

  #host(id: number): string {
    return `${this.#prefix}-${id}`;
  }

  /** False where this machine does not allow it. */
  async make(): Promise<boolean> {
    const made = await ip("netns", "add", this.#switch) &&
      await ip("-n", this.#switch, "link", "add", "bridge", "type", "bridge") &&
      await ip("-n", this.#switch, "link", "set", "bridge", "up");
    if (!made) return false;
    for (let id = 1; id <= this.#size; id++) {
      const host = this.#host(id);
      const cabled = await ip("netns", "add", host) &&
        await ip(
          "-n",
          this.#switch,
          "link",
          "add",
          `port${id}`,
          "type",
          "veth",
          "peer",
          "name",
          "eth0",
          "netns",
          host,
        ) &&
        await ip("-n", this.#switch, "link", "set", `port${id}`, "master", "bridge", "up") &&
        await ip("-n", host, "address", "add", `10.231.77.${id}/24`, "dev", "eth0") &&
        await ip("-n", host, "link", "set", "eth0", "up");
      if (!cabled) return false;
    }
    return true;
  }

  get places(): Place[] {
    return Array.from({ length: this.#size }, (_, index) => ({
      hostname: `10.231.77.${index + 1}`,
      port: 8080,
      run: ["ip", "netns", "exec", this.#host(index + 1)],
    }));
  }

  async pull(id: number): Promise<void> {
    assert(await ip("-n", this.#switch, "link", "set", `port${id}`, "down"));
  }

  async plug(id: number): Promise<void> {
    assert(await ip("-n", this.#switch, "link", "set", `port${id}`, "up"));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (let id = 1; id <= this.#size; id++) await ip("netns", "delete", this.#host(id));
    await ip("netns", "delete", this.#switch);
  }
}

async function allowed(): Promise<boolean> {
  if (Deno.build.os !== "linux" || !await available("ip", "-V")) return false;
  await using hosts = new Hosts(1);
  return await hosts.make();
}

const ignore = !await allowed();

Deno.test({
  name:
    "peer: a leader that is cut off from the others steps down, is replaced, and leads again when the cable is back",
  ignore,
}, async () => {
  await using hosts = new Hosts(3);
  assert(await hosts.make());
  await using network = await PeerNetwork.create({ places: hosts.places });
  for (const id of network.ids) await network.start(id);
  await network.elected(1, [1, 2, 3]);
  await network.logged(network.log(1, [1, 2, 3]));
  await hosts.pull(1);
  await Promise.all([
    network.node(1).line(/Leader Node 1 steps down: lost its majority/),
    network.elected(2, [2, 3]),
  ]);
  await network.logged(network.log(2, [2, 3]));
  await hosts.plug(1);
  await network.elected(1, [1, 2, 3]);
  await network.logged(network.log(1, [1, 2, 3]));
});

Deno.test({
  name: "peer: a network cut into single nodes has no leader, and one again when two meet",
  ignore,
}, async () => {
  await using hosts = new Hosts(3);
  assert(await hosts.make());
  await using network = await PeerNetwork.create({ places: hosts.places });
  for (const id of network.ids) await network.start(id);
  await network.elected(1, [1, 2, 3]);
  for (const id of network.ids) await hosts.pull(id);
  const elections = () => network.node(1).stdout.match(/^Leader elected: .*$/gm);
  const before = elections();
  await network.node(1).line(/Leader Node 1 steps down: lost its majority/);
  await network.node(2).line("Node 2 follows Node 1 no more");
  await network.node(3).line("Node 3 follows Node 1 no more");
  for (const id of [2, 3]) await hosts.plug(id);
  await network.elected(2, [2, 3]);
  assertEquals(elections(), before);
});
