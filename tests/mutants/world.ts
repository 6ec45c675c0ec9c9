import type { Mutant } from "./mutant.ts";

/** Mutants of world. */
export const world: readonly Mutant[] = [
  {
    what: "a heap does not sink its members",
    file: "actors/world/heap.ts",
    from: "if (below === undefined || !this.#before(below, member)) break;",
    to: "break;",
  },
  {
    what: "a slash at the end is a name",
    file: "actors/world/path.ts",
    from: 'while (end > 0 && path[end - 1] === "/") end--;',
    to: ";",
  },
  {
    what: "a reset is an orderly end",
    file: "actors/world/sim/tcp_pipe.ts",
    from: '      if (head.isReset) this.#to.broken("connection-reset");\n      else this.#to.receiveEnd();',
    to: "      this.#to.receiveEnd();",
  },
  {
    what: "what came before a reset is lost",
    file: "actors/world/sim/tcp.ts",
    from: "    if (this.#receivedBytes > 0) return Promise.resolve(this.#take(buffer));",
    to:
      '    if (this.#receivedBytes > 0 && this.#state === "open") return Promise.resolve(this.#take(buffer));',
  },
  {
    what: "everybody waits to be accepted",
    file: "actors/world/sim/tcp_listener.ts",
    from: "const BACKLOG = 512;",
    to: "const BACKLOG = 5120;",
  },
  {
    what: "a socket holds any number of datagrams",
    file: "actors/world/sim/udp.ts",
    from: "if (this.#receivedBytes + bytes > RECEIVE_BUFFER_BYTES) {",
    to: "if (false) {",
  },
  {
    what: "a paused process goes on",
    file: "actors/world/sim/life.ts",
    from: "if (this.#isPaused ||",
    to: "if (",
  },
  {
    what: "a failed sync is made good by the next",
    file: "actors/world/sim/file_node.ts",
    from: 'this.#unsynced = length === this.#durable.length ? [] : [{ type: "truncate", length }];',
    to: ";",
  },
  {
    what: "an aimed crash comes too early",
    file: "actors/world/sim/disk_faults.ts",
    from: "if (crash.left-- > 0) continue;",
    to: ";",
  },
  {
    what: "all clocks run alike",
    file: "actors/world/sim/host_clock.ts",
    from: "(trueMs - this.#trueAtMs) * this.#rate",
    to: "(trueMs - this.#trueAtMs)",
  },
  {
    what: "the hash covers no contents",
    file: "actors/world/sim/trace.ts",
    from: "if (contents !== undefined) hash = hashBytes(hash, contents);",
    to: ";",
  },
  {
    what: "the simulator's half of a connection ends before the write that waits",
    file: "actors/world/sim/tcp.ts",
    from: "if (kind === undefined && this.#write !== undefined) {",
    to: 'if (kind === "closed" && this.#write !== undefined) {',
  },
  {
    what: "what a disk has opened stays open when it cannot be looked at",
    file: "actors/world/real/regular_file.ts",
    from: "    const isFound = await orClose(file, async () => {",
    to: "    const isFound = await (async (_file, work) => await work())(file, async () => {",
  },
  {
    what: "the simulator counts no open files",
    file: "actors/world/sim/disk_state.ts",
    from: "    this.#open.set(file, path);\n",
    to: "",
  },
  {
    what: "who keeps a connection that it has accepted is not seen",
    file: "actors/world/sim/tcp_listener.ts",
    from: "    this.#stack.given.add(connection);\n",
    to: "",
  },
  {
    what: "a connection that cannot be kept alive stays open",
    file: "actors/world/deno/net.ts",
    from: "      return await orClose(connection, () => {",
    to:
      "      return await (async (_connection, work: () => TcpConnection) => await work())(connection, () => {",
  },
];
