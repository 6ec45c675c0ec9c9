import { assert, assertEquals } from "@std/assert";
import { canMakeHosts, Hosts } from "../_namespaces.ts";
import { PeerNetwork, type Place } from "./_peers.ts";

function places(hosts: Hosts): Place[] {
  return [1, 2, 3].map((id) => ({ hostname: hosts.address(id), port: 8080, run: hosts.run(id) }));
}

const ignore = !await canMakeHosts();

Deno.test({
  name:
    "peer: a leader that is cut off from the others steps down, is replaced, and leads again when the cable is back",
  ignore,
}, async () => {
  await using hosts = new Hosts(3);
  assert(await hosts.make());
  await using network = await PeerNetwork.create({ places: places(hosts) });
  for (const id of network.ids) await network.start(id);
  await network.agreed(1, [1, 2, 3]);
  await hosts.pull(1);
  await Promise.all([
    network.node(1).line(/Leader Node 1 steps down: lost its majority/),
    network.elected(2, [2, 3]),
  ]);
  await network.logged(network.log(2, [2, 3]));
  await hosts.plug(1);
  await network.agreed(1, [1, 2, 3]);
});

Deno.test({
  name: "peer: a network cut into single nodes has no leader, and one again when two meet",
  ignore,
}, async () => {
  await using hosts = new Hosts(3);
  assert(await hosts.make());
  // A machine that stands still for a second deposes nobody.
  const flags = ["--election-timeout-ms", "3000"];
  await using network = await PeerNetwork.create({ places: places(hosts), flags });
  for (const id of network.ids) await network.start(id);
  await network.elected(1, [1, 2, 3]);
  for (const id of network.ids) await hosts.pull(id);
  await network.node(1).line(/Leader Node 1 steps down: lost its majority/);
  await network.node(2).line("Node 2 follows Node 1 no more");
  await network.node(3).line("Node 3 follows Node 1 no more");
  for (const id of [2, 3]) await hosts.plug(id);
  await network.elected(2, [2, 3]);
  assertEquals(network.node(1).stdout.match(/^Leader elected: .*$/gm), ["Leader elected: Node 1"]);
});
