import { JetStreamApiError } from "@nats-io/jetstream";
import { assertEquals, assertRejects } from "@std/assert";
import { writeError } from "../../../actors/cluster/engines/_nats_errors.ts";
import { NatsKeys } from "../../../actors/cluster/engines/_nats_keys.ts";
import { ConditionalPublisher } from "../../../actors/cluster/engines/_nats_publish.ts";
import { Conflict, OutcomeUnknown, WriteRefused } from "../../../actors/cluster/mod.ts";

function apiError(code: number, description: string): JetStreamApiError {
  return new JetStreamApiError({ code: 503, err_code: code, description });
}

/** What a server of NATS says of a write, as in its own list of errors, and what it means. */
const MEANINGS:
  readonly (readonly [code: number, description: string, meaning: new (...args: never) => Error])[] = [
    [10002, "resource limits exceeded for account", WriteRefused],
    [10023, "insufficient resources", WriteRefused],
    [10028, "insufficient memory resources available", WriteRefused],
    [10047, "insufficient storage resources available", WriteRefused],
    [10077, "maximum bytes exceeded", WriteRefused],
    [10077, "maximum messages exceeded", WriteRefused],
    [10109, "invalid operation on sealed stream", WriteRefused],
    // Of a store that fails otherwise nobody knows what is on its disk.
    [10077, "write /data/1.blk: input/output error", OutcomeUnknown],
    [10008, "JetStream system temporarily unavailable", OutcomeUnknown],
    [10054, "message size exceeds maximum allowed", RangeError],
    [10071, "wrong last sequence: 7", Conflict],
  ];

for (const [code, description, meaning] of MEANINGS) {
  Deno.test(`cluster: nats: ${code}, ${description}, is a ${meaning.name}`, () => {
    assertEquals(writeError("key", apiError(code, description)).constructor, meaning);
  });
}

Deno.test("cluster: nats: a claim or a lease that finds no room has an unknown outcome, and is tried again", async () => {
  const publisher = new ConditionalPublisher({
    clock: { monotonic: () => 0 },
    timeoutMs: 1000,
    pause: () => Promise.resolve(),
    js: { publish: () => Promise.reject(apiError(10023, "insufficient resources")) },
  });
  const streams = { hosts: "hosts", places: "places" };
  // Nothing but the publisher is asked.
  const keys = new NatsKeys({ publisher, jsm: {} as never, streams, leaseTtlMs: 1000 });
  const error = await assertRejects(() => keys.put("places", "key", "value", 0), OutcomeUnknown);
  assertEquals(error.cause instanceof WriteRefused, true);
});
