import { assert, assertEquals } from "@std/assert";
import { hasNats } from "../nats/_servers.ts";
import { resultText, torture } from "./_torture.ts";

const ignore = !await hasNats();

Deno.test({
  name:
    "cluster: processes that die and freeze lose nothing that was answered, do nothing twice, read nothing stale",
  ignore,
}, async () => {
  const result = await torture({
    seconds: 18,
    servers: 3,
    leaseTtlMs: 2000,
    killEveryMs: 5000,
    freezeEveryMs: 4000,
    killServerEveryMs: 9000,
    fence: "on",
  });
  assertEquals(result.wrong, [], resultText(result));
  assert(result.acknowledged > 0 && result.kills + result.freezes > 1, resultText(result));
});

Deno.test({ name: "cluster: the same without the fence is found out", ignore }, async () => {
  const result = await torture({
    seconds: 120,
    servers: 1,
    leaseTtlMs: 800,
    freezeEveryMs: 200,
    fence: "off",
    untilWrong: true,
  });
  assert(result.wrong.length > 0, resultText(result));
});
