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
import type { RecordCommand } from "../../actors/records/record.ts";
import { simulate } from "../../actors/world/sim/mod.ts";
import { ActorSystem, type Behavior } from "../../mod.ts";
import { jsonFrames } from "../../protocols/json_stream.ts";

const RECORD = "x".repeat(100_000);
const REQUESTS = 30;
/** What may wait in a connection's queue, with one answer that was put there last. */
const MOST_QUEUED = 65_536 + RECORD.length + 200;

/** Has every record, at once. */
const answering: Behavior<RecordCommand> = () => (command) => {
  if (command.type !== "read") return;
  const { id: clientId, tag, replyTo } = command;
  replyTo.tell({ type: "answered", tag, response: { type: "success", clientId, data: RECORD } });
};

const silent: Behavior<GetInfo> = () => () => {};

Deno.test("records door: answers wait for a client that does not read, in one queue's length, and come whole when it does", async () => {
  await simulate("records door", { seeds: 3 }, async (sim) => {
    const { world } = sim.host("a");
    const system = new ActorSystem("door", { world });
    const archive = system.spawn("archive", answering);
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
    const requests = '{"client_ID":"1","type":"read"}'.repeat(REQUESTS);
    await sim.settle(client.write(new TextEncoder().encode(requests)));
    await sim.advance(1000);
    const queued = connection?.queuedBytes ?? 0;
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
