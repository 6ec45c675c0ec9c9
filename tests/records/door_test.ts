/**
 * The store's door for JSON, before a store that answers at once.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import {
  AddressRate,
  type Connection,
  LogThrottle,
  tcpServer,
  type TcpServerCommand,
} from "../../actors/net/mod.ts";
import { type GetInfo, recordsSession, type RecordsSessionMessage } from "../../actors/records/doors/json.ts";
import type { Answered, RecordCommand } from "../../actors/records/record.ts";
import { simulate, type SimWorld } from "../../actors/world/sim/mod.ts";
import { ActorSystem, type Behavior } from "../../mod.ts";
import { jsonFrames } from "../../protocols/json_stream.ts";

const RECORD = "x".repeat(100_000);
const REQUESTS = 30;
/** So many requests of a connection may be unanswered. */
const MAX_UNANSWERED = 32;
/** What may wait in a connection's queue, with one answer that was put there last. */
const MOST_QUEUED = 65_536 + RECORD.length + 200;

/** Has every record, at once. */
const answering: Behavior<RecordCommand> = () => (command) => {
  if (command.type !== "read") return;
  command.replyTo.tell(answerTo(command, RECORD));
};

function answerTo({ id: clientId, tag }: RecordCommand & { readonly type: "read" }, data: string): Answered {
  return { type: "answered", tag, response: { type: "success", clientId, data } };
}

const silent: Behavior<GetInfo> = () => () => {};

/** A door before an archive, and a client at it that has asked so often; `queued` bytes wait for it. */
async function askThere(sim: SimWorld, behavior: Behavior<RecordCommand>, requests: number) {
  const system = new ActorSystem("door", { world: sim.host("a").world });
  const archive = system.spawn("archive", behavior);
  let connection: Connection<RecordsSessionMessage> | undefined;
  const server = system.spawn("info", silent);
  const serving: Behavior<TcpServerCommand> = (self) =>
    tcpServer({
      address: { hostname: "a", port: 80 },
      frames: () => jsonFrames({ maxFrameBytes: 1024 }),
      limits: { slowClientMs: 60_000 },
      session: (opened: Connection<RecordsSessionMessage>) => {
        connection = opened;
        return recordsSession({
          archive,
          server,
          maxDataBytes: 65_536,
          refusals: new AddressRate({ perSecond: 1, burst: 1 }),
          warnings: new LogThrottle(self),
        })(opened);
      },
    })(self);
  system.spawn("server", serving);
  await sim.advance(10);
  const client = await sim.settle(sim.host("b").world.net.connectTcp({ hostname: "a", port: 80 }));
  const text = '{"client_ID":"1","type":"read"}'.repeat(requests);
  await sim.settle(client.write(new TextEncoder().encode(text)));
  await sim.advance(1000);
  return { system, client, queued: () => connection?.queuedBytes ?? 0 };
}

Deno.test("records door: answers wait for a client that does not read, in one queue's length, and come whole when it does", async () => {
  await simulate("records door", { seeds: 3 }, async (sim) => {
    const { system, client, ...door } = await askThere(sim, answering, REQUESTS);
    const queued = door.queued();
    assert(queued > 65_536 && queued <= MOST_QUEUED, `${queued} bytes wait`);

    let text = "";
    const decoder = new TextDecoder();
    const buffer = new Uint8Array(65_536);
    for (let lines = 0; lines < REQUESTS;) {
      const length = await sim.settle(client.read(buffer));
      if (length === null) break;
      const part = decoder.decode(buffer.subarray(0, length));
      text += part;
      lines += part.split("\n").length - 1;
    }
    const answers = text.trimEnd().split("\n");
    assertEquals(answers.length, REQUESTS);
    for (const answer of answers) assertEquals(JSON.parse(answer).data.length, RECORD.length);
    await sim.settle(system.stop());
  });
});

Deno.test("records door: of a client that asks without end, no more is read than may be unanswered", async () => {
  await simulate("records door", { seeds: 3 }, async (sim) => {
    const asked: RecordCommand[] = [];
    const { system, client } = await askThere(sim, () => (command) => void asked.push(command), 100);
    assertEquals(asked.length, MAX_UNANSWERED);
    // One that is answered makes room for one.
    for (const count of [1, 2, 3]) {
      const command = asked[count - 1];
      if (command?.type === "read") command.replyTo.tell(answerTo(command, "short"));
      await sim.advance(100);
      assertEquals(asked.length, MAX_UNANSWERED + count);
    }
    client.close();
    await sim.settle(system.stop());
  });
});
