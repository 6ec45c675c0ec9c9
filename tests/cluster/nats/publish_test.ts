import { JetStreamApiError } from "@nats-io/jetstream";
import { assertEquals, assertRejects } from "@std/assert";
import { ConditionalPublisher } from "../../../actors/cluster/engines/_nats_publish.ts";
import { Conflict, OutcomeUnknown } from "../../../actors/cluster/mod.ts";

const IN_FLIGHT = new JetStreamApiError({ code: 400, err_code: 10164, description: "wrong last sequence" });
const MOVED = new JetStreamApiError({ code: 400, err_code: 10071, description: "wrong last sequence: 7" });

/** A publisher at a leader that gives these answers, one after the other, after a millisecond each. */
function publisherAt(answers: readonly (Error | number)[], timeoutMs = 1000) {
  let nowMs = 0;
  const sent: unknown[] = [];
  const publisher = new ConditionalPublisher({
    clock: { monotonic: () => nowMs },
    timeoutMs,
    pause: (ms) => {
      nowMs += ms;
      return Promise.resolve();
    },
    js: {
      publish: (subject, body, options) => {
        nowMs++;
        const answer = answers[sent.length] ?? IN_FLIGHT;
        sent.push([subject, body, options?.expect]);
        if (answer instanceof Error) return Promise.reject(answer);
        return Promise.resolve({ stream: "s", domain: "", seq: answer, duplicate: false });
      },
    },
  });
  return { publisher, sent };
}

Deno.test("cluster: nats: a write that is refused because the one before is in flight is sent again as it is", async () => {
  const { publisher, sent } = publisherAt([IN_FLIGHT, IN_FLIGHT, 8]);
  assertEquals(await publisher.publish("k", "s.k", "text", 7), 8);
  const once = ["s.k", "text", { lastSubjectSequence: 7 }];
  assertEquals(sent, [once, once, once]);
});

Deno.test("cluster: nats: a write behind what is no longer the last is refused at once", async () => {
  const { publisher, sent } = publisherAt([IN_FLIGHT, MOVED]);
  await assertRejects(() => publisher.publish("k", "s.k", "text", 6), Conflict);
  assertEquals(sent.length, 2);
});

Deno.test("cluster: nats: a write that is never decided is unknown in the time of one", async () => {
  const { publisher, sent } = publisherAt([], 500);
  await assertRejects(() => publisher.publish("k", "s.k", "text", 6), OutcomeUnknown);
  assertEquals(sent.length < 30, true, "the pauses grow");
});
