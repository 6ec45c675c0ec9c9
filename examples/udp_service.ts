/**
 * A counter over UDP: each peer, told by its address, has a count of its own, and an actor that is gone after
 * a minute of silence.
 *
 *     deno run --unstable-net --allow-net=127.0.0.1 examples/udp_service.ts
 *     echo -n hello | nc -u -w1 127.0.0.1 7001
 *
 * @module
 */
import { ActorSystem, type Behavior, escalate, run } from "@troupe/actors";
import { datagrams, type DatagramsCommand, formatAddress } from "@troupe/actors/net";

/** Answers each datagram with how many came from that peer. */
export function countingService(address: { hostname: string; port: number }): Behavior<DatagramsCommand> {
  return (self) => {
    const encoder = new TextEncoder();
    return datagrams({
      address,
      idleMs: 60_000,
      maxPeers: 1000,
      onListening: (bound) => self.log.info(`Counting on ${formatAddress(bound)}`),
      peer: (peer) => {
        let count = 0; // the peer's own: another peer is another actor
        return {
          datagram() {
            // Never longer than what was sent: nobody can make it shout at somebody else.
            peer.send(encoder.encode(String(++count)));
          },
        };
      },
    })(self);
  };
}

if (import.meta.main) {
  const [port = "7001"] = Deno.args;
  const system = new ActorSystem("count");
  system.spawn("udp", countingService({ hostname: "127.0.0.1", port: Number(port) }), {
    onFailure: escalate(),
  });
  await run(system);
}
