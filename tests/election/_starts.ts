/** Starts of real nodes that then have nothing to do: no link of theirs breaks. */
import { assertEquals } from "@std/assert";
import { freePort, startTask, type TestProcess, until } from "../_helpers.ts";
import { PeerNetwork } from "./_peers.ts";

/** How three nodes are started: one after the other, together, or in one process. */
export type StartOrder = readonly number[] | "together" | "one process";

/** Every way to start three nodes. */
export const START_ORDERS: readonly StartOrder[] = [
  "together",
  "one process",
  [1, 2, 3],
  [1, 3, 2],
  [2, 1, 3],
  [2, 3, 1],
  [3, 1, 2],
  [3, 2, 1],
];

const LEADER = "Leader elected: Node 1";

/**
 * Starts three nodes, leaves them alone for a while, and throws when a link broke or the log was written more
 * than once.
 */
export async function startAndIdle(order: StartOrder, idleMs: number, timeoutMs = 900): Promise<void> {
  const flags = ["--wait-ms", "20000", "--election-timeout-ms", String(timeoutMs)];
  await using network = await PeerNetwork.create({ flags });
  const processes: TestProcess[] = [];
  if (order === "one process") {
    const nodes = [1, 2, 3].map((id) => `${id}=127.0.0.1:${freePort()}`).join(",");
    processes.push(
      startTask("start", ["--only", "peer", "--peer-nodes", nodes], {
        cwd: network.directory.path,
        env: {
          PEER_WAIT_MS: "20000",
          PEER_ELECTION_TIMEOUT_MS: String(timeoutMs),
          PEER_HTTP_PORT: "0",
          PEER_SWARM_PORT: "0",
        },
      }),
    );
  } else if (order === "together") {
    for (const id of network.ids) processes.push(network.launch(id));
  } else {
    for (const id of order) processes.push(await network.start(id));
  }
  const text = () => processes.map((process) => process.stdout).join("");
  try {
    const within = (condition: () => boolean, what: string) =>
      until(condition, what).catch((error) => {
        const all = processes.map(({ stdout, stderr }) => stdout + stderr).join("");
        throw new Error(`${error.message}:\n${all}`);
      });
    await within(() => text().split(LEADER).length === 4, "all to follow Node 1");
    await within(
      () => (text().match(/Node [23] disconnected from Node [23]\./g) ?? []).length === 2,
      "the followers to part",
    );
    await within(() => text().includes("Wrote "), "the log");
    await new Promise((resolve) => setTimeout(resolve, idleMs));
    const said = text();
    const breaks = said.match(
      /.*(?:disconnected from Node 1|Node 1 disconnected|steps down|follows .* no more).*/g,
    );
    assertEquals(breaks, null, said);
    assertEquals([said.split(LEADER).length - 1, said.split("Wrote ").length - 1], [3, 1], said);
  } finally {
    if (order === "one process") { for (const process of processes) await process[Symbol.asyncDispose](); }
  }
}
