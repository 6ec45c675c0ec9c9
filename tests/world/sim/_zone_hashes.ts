import { clockServer } from "../../../actors/clock/mod.ts";
import { simulate, type SimulationRun } from "../../../actors/world/sim/mod.ts";
import { records } from "../../sim/records_campaign.ts";
import { service } from "../../sim/_harness.ts";

// Prints the hashes of runs in which services tell the local time: of records in files, and of a clock that
// is asked.
const hashes: string[] = [];
const progress = ({ hash }: SimulationRun) => void hashes.push(hash);
await simulate(records.name, { seeds: 3, progress }, (sim) => records.run(sim));
await simulate("a clock", { seeds: 1, progress }, async (sim) => {
  sim.host("server").start(service("clock", () => clockServer({ address: { hostname: "::", port: 5005 } })));
  const socket = sim.host("client").world.net.bindUdp({ hostname: "0.0.0.0", port: 0 });
  await sim.advance(10);
  await sim.settle(socket.send(new TextEncoder().encode("SEND_TIME"), { hostname: "server", port: 5005 }));
  const { bytes } = await sim.settle(socket.receive());
  sim.note(new TextDecoder().decode(bytes));
});
console.log(hashes.join(" "));
