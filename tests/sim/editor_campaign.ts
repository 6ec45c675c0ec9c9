/**
 * The editor under chaos: what anybody has seen stays, in its place.
 *
 * @module
 */
import { assert } from "@std/assert";
import { editorServer, type SyncPolicy } from "../../actors/editor/mod.ts";
import type { SimWorld } from "../../actors/world/sim/mod.ts";
import { type Campaign, firstDifference, LineClient, service } from "./_harness.ts";

const PORT = 8080;
const FILE = "/data/document.txt";
const MEMBERS = 3;
const CHAOS_MS = 8000;

/** The campaign, with the editor as given: another sync policy than `always` breaks what it promises. */
export function editorCampaign(sync: SyncPolicy): Campaign {
  return { name: `editor under chaos, sync ${sync}`, run: (sim) => run(sim, sync) };
}

/** The editor as it is. */
export const editor: Campaign = editorCampaign("always");

async function run(sim: SimWorld, sync: SyncPolicy): Promise<void> {
  const server = sim.host("server");
  server.disk.write(FILE, "typed by hand, with no line end");
  server.start(service("editor", () =>
    editorServer({
      address: { hostname: "::", port: PORT },
      file: FILE,
      sync,
      // The rule for old clients: a slow network would make two messages of one of their lines.
      idleFlushMs: 0,
      limits: { maxClients: 1000 },
    })));
  const members = Array.from({ length: MEMBERS }, (_, index) => new Member(sim, `m${index}`));
  const chaos = sim.chaos({
    hosts: ["server", "m0", "m1", "m2"],
    partitionsPerMinute: 20,
    resetsPerMinute: 60,
  });
  const serverChaos = sim.chaos({
    hosts: ["server"],
    crashesPerMinute: 30,
    killsPerMinute: 30,
    downMs: [10, 500],
    slowDisksPerMinute: 20,
    diskErrorsPerMinute: 20,
  });
  await sim.advance(CHAOS_MS);
  chaos.stop();
  serverChaos.stop();
  await sim.until(
    () => members.every((member) => member.client.isConnected),
    20_000,
    "everybody to be connected",
  );
  for (const member of members) member.isWriting = false;
  await sim.advance(3000);
  await sim.until(
    () => members.every((member) => member.client.isConnected),
    20_000,
    "everybody to be connected",
  );
  await members[0]?.client.send("the last line");
  const others = members.slice(1);
  await sim.until(
    () => others.every((member) => member.client.sessions.at(-1)?.received.includes("the last line")),
    20_000,
    "the last line to reach everybody",
  );
  server.crash();
  server.restart();
  await sim.advance(500);
  checkDocument(server.disk.readText(FILE) ?? "", members);
}

/** One who writes, and sees what others write. */
class Member {
  readonly client: LineClient;
  isWriting = true;
  #count = 0;

  constructor(sim: SimWorld, name: string) {
    const { world } = sim.host(name);
    this.client = new LineClient(world, { hostname: "server", port: PORT });
    const write = () => {
      if (this.isWriting && this.client.isConnected) this.client.send(`${name}.${this.#count++}`);
      world.clock.timer(1 + world.random.next() * 60, write);
    };
    write();
  }
}

function checkDocument(text: string, members: readonly Member[]): void {
  assert(text.endsWith("\n"), "the document ends in the middle of a line");
  const lines = text.slice(0, -1).split("\n");
  assert(lines[0] === "typed by hand, with no line end", `what was typed by hand has become ${lines[0]}`);
  const sent = new Set(
    members.flatMap((member) => member.client.sessions.flatMap((session) => session.sent)),
  );
  const seen = new Set<string>();
  for (const line of lines.slice(1)) {
    assert(sent.has(line), `nobody has written ${JSON.stringify(line)}`);
    assert(!seen.has(line), `${line} is in the document twice`);
    seen.add(line);
  }
  for (const { client } of members) {
    for (const session of client.sessions) {
      const own = new Set(session.sent);
      const received = session.received.filter((line) => !line.startsWith("Error: "));
      const difference = firstDifference(received, lines.filter((line) => !own.has(line)));
      assert(difference === undefined, `a client has not seen the document: ${difference}`);
    }
  }
}
