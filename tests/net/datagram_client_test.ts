import { assertEquals } from "@std/assert";
import { datagramClient, type DatagramOutcome } from "../../actors/net/mod.ts";
import { simulate } from "../../actors/world/sim/mod.ts";
import { ActorSystem, type Ref } from "../../mod.ts";

const PORT = 53;

Deno.test("datagram client: what another host or another port says is no answer of the server", async () => {
  await simulate("forged answers", { seeds: 5 }, async (sim) => {
    const text = (line: string) => new TextEncoder().encode(line);
    const server = sim.host("server").world.net.bindUdp({ hostname: "::", port: PORT });
    const forgers = [
      sim.host("stranger").world.net.bindUdp({ hostname: "::", port: PORT }),
      sim.host("server").world.net.bindUdp({ hostname: "::", port: PORT + 1 }),
    ];
    const system = new ActorSystem("client", { world: sim.host("client").world });
    const ref = system.spawn("client", datagramClient({ server: { hostname: "server", port: PORT } }));
    const asked = ref.ask(
      (replyTo: Ref<DatagramOutcome>) => ({ type: "ask", text: "question", replyTo }),
      { timeoutMs: 60_000 },
    );
    const { from } = await sim.settle(server.receive());
    for (const forger of forgers) await sim.settle(forger.send(text("forged"), from));
    await sim.advance(100);
    await sim.settle(server.send(text("true"), from));
    const outcome = await sim.settle(asked);
    assertEquals(outcome.type === "answered" ? outcome.text : outcome.type, "true");
    await sim.settle(system.stop());
  });
});

Deno.test("datagram client: each question has its whole time, whenever the one before it was answered", async () => {
  await simulate("a question behind another", { seeds: 5 }, async (sim) => {
    const server = sim.host("server").world.net.bindUdp({ hostname: "::", port: PORT });
    const system = new ActorSystem("client", { world: sim.host("client").world });
    // The server has two addresses: each has half of the time.
    const behavior = datagramClient({ server: { hostname: "server", port: PORT }, retryMs: 2000 });
    const ref = system.spawn("client", behavior);
    const ask = (text: string) =>
      ref.ask((replyTo: Ref<DatagramOutcome>) => ({ type: "ask", text, replyTo }), { timeoutMs: 60_000 });
    const answers = [ask("first"), ask("second")];
    // The one that has answered is asked alone then, and has all of it.
    for (const [asked, takesMs] of [["first", 600], ["second", 1700]] as const) {
      const { bytes, from } = await sim.settle(server.receive());
      assertEquals(new TextDecoder().decode(bytes), asked);
      await sim.advance(takesMs);
      await sim.settle(server.send(bytes, from));
    }
    for (const answer of answers) {
      const outcome = await sim.settle(answer);
      assertEquals(outcome.type === "answered" && outcome.attempts, 1);
    }
    await sim.settle(system.stop());
  });
});
