import { assertEquals } from "@std/assert";
import { LinkConnections } from "../../actors/election/link_connections.ts";
import { Election, type ElectionAction } from "../../protocols/election.ts";
import type { Beat } from "../../protocols/election_messages.ts";
import { electionTimes } from "../../protocols/election_times.ts";

Deno.test("peer link: of two connections that crossed, the one that does not count is read for a while yet", () => {
  const connections = new LinkConnections<string>(false);
  connections.add("own", true, "up", 0);
  connections.add("theirs", false, "up", 1);
  assertEquals([connections.counting(), connections.surplus(1)], ["theirs", []]);
  const counting = connections.get("theirs");
  if (counting !== undefined) counting.heardMs = 2;
  // What the other side said before on the first one may still be under way.
  assertEquals([connections.surplus(2), connections.surplus(400)], [[], []]);
  assertEquals(connections.surplus(502), ["own"]);
});

Deno.test("peer link: however many connections are up, few of them are read", () => {
  const connections = new LinkConnections<number>(false);
  for (let name = 1; name <= 50; name++) {
    connections.add(name, false, "up", 0);
    for (const surplus of connections.surplus(0)) connections.remove(surplus);
  }
  assertEquals(connections.all().map(([name]) => name), [47, 48, 49, 50]);
});

Deno.test("election: the lowest ID, which heard last that the network has begun, asks as soon as all are there", () => {
  const times = electionTimes();
  const election = new Election({
    id: 1,
    nodes: [1, 2, 3],
    times,
    memory: null,
    nowMs: 0,
    random: () => 0.5,
  });
  const beat = (started: boolean): Beat => ({
    type: "beat",
    term: 0,
    leader: 0,
    standing: false,
    started,
    plain: false,
    old: [],
    sentMs: 0,
  });
  const polls = (actions: readonly ElectionAction[]) =>
    actions.filter((action) => action.type === "send" && action.message.type === "poll").length;
  election.handle({ type: "link-up", peer: 2 }, 10);
  election.handle({ type: "message", peer: 2, message: beat(true) }, 20);
  election.handle({ type: "link-up", peer: 3 }, 30);
  assertEquals(polls(election.handle({ type: "tick" }, 40)), 0);
  const actions = election.handle({ type: "message", peer: 3, message: beat(false) }, 50);
  assertEquals(polls(actions), 2);
});
