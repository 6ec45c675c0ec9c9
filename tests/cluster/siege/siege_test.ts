import { assert, assertEquals } from "@std/assert";
import { hasNats } from "../nats/_servers.ts";
import { resultText, siege } from "./_siege.ts";

Deno.test({
  name:
    "chat cluster: servers that are killed take their connections with them, and nothing that anybody had read",
  ignore: !await hasNats(),
}, async () => {
  const result = await siege({ natsServers: 1, people: 18, rounds: 1, faults: ["kill"], calmMs: 1000 });
  assertEquals(result.wrong, [], resultText(result));
  assert(result.kills === 3 && result.gapsMs.length > 0, resultText(result));
});
