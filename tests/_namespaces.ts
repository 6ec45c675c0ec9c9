/**
 * Hosts of their own on this machine: network namespaces with a cable each to one switch.
 *
 * @module
 */
import { assert } from "@std/assert";
import { available } from "./_helpers.ts";

async function ip(...args: string[]): Promise<boolean> {
  const { success } = await new Deno.Command("ip", { args, stdin: "null", stdout: "null", stderr: "null" })
    .output();
  return success;
}

/** Hosts of their own, each with a cable to one switch; the cables can be pulled. */
export class Hosts implements AsyncDisposable {
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
        await ip("-n", host, "address", "add", `${this.address(id)}/24`, "dev", "eth0") &&
        await ip("-n", host, "link", "set", "eth0", "up");
      if (!cabled) return false;
    }
    return true;
  }

  /** The address of a host; they are numbered from 1. */
  address(id: number): string {
    return `10.231.77.${id}`;
  }

  /** The command that runs a command there. */
  run(id: number): string[] {
    return ["ip", "netns", "exec", this.#host(id)];
  }

  /** Cuts a host off, without a word to anybody. */
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

/** Whether this machine lets tests make hosts. */
export async function canMakeHosts(): Promise<boolean> {
  if (Deno.build.os !== "linux" || !await available("ip", "-V")) return false;
  await using hosts = new Hosts(1);
  return await hosts.make();
}
