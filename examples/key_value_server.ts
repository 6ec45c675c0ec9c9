/**
 * A key-value store over TCP: `SET key value`, `GET key`, one line each. What was answered with `OK` survives
 * a power cut: tests/examples/key_value_server_test.ts takes the power away a hundred times.
 *
 *     deno run --allow-net=127.0.0.1 --allow-read=. --allow-write=. examples/key_value_server.ts
 *     printf 'SET colour blue\nGET colour\n' | nc -N 127.0.0.1 7000
 *
 * @module
 */
import { ActorSystem, type Behavior, escalate, type Ref, run } from "@troupe/actors";
import { lineServer, type LineServerOptions } from "@troupe/actors/net";
import { LogFile } from "@troupe/actors/store";

/** What the store can be asked. */
export type StoreCommand =
  | { type: "get"; key: string; replyTo: Ref<string | null> }
  | { type: "set"; key: string; value: string; replyTo: Ref<null> };

/** The one owner of the file: all that it has answered is on disk. */
export function store(path: string): Behavior<StoreCommand> {
  return async (self) => {
    const values = new Map<string, string>();
    const decoder = new TextDecoder();
    const log = await LogFile.open(self.world.disk, path, {
      form: "framed",
      replay: (record) => {
        const [key, value]: [string, string] = JSON.parse(decoder.decode(record));
        values.set(key, value);
      },
    });
    self.onStop(() => log.close());
    return (message) => {
      if (message.type === "get") return message.replyTo.tell(values.get(message.key) ?? null);
      const { key, value, replyTo } = message;
      log.append(JSON.stringify([key, value]));
      // Not awaited here: all who ask meanwhile share one sync of the disk.
      log.sync().then(() => {
        values.set(key, value);
        replyTo.tell(null);
      }, (error) => self.log.error(`Cannot keep ${key}`, { error }));
    };
  };
}

/** The server, with its store as a child: should one of them fail for good, so does the whole. */
export function keyValueServer(path: string, options: LineServerOptions): Behavior<never> {
  return (self) => {
    const values = self.spawn("store", store(path), { onFailure: escalate() });
    self.spawn(
      "server",
      lineServer(options, (connection) => ({
        async frame(line) {
          const [, command, key = "", value = ""] = /^(GET|SET) (\S+)(?: (.*))?$/.exec(line) ?? [];
          if (command === undefined) return connection.sendText("ERROR: GET key, or SET key value\n");
          if (command === "GET") {
            const found = await values.ask({ type: "get", key }, { timeoutMs: 5000 });
            return connection.sendText(found === null ? "NONE\n" : `VALUE ${found}\n`);
          }
          await values.ask({ type: "set", key, value }, { timeoutMs: 5000 });
          connection.sendText("OK\n");
        },
      })),
      { onFailure: escalate() },
    );
    return () => {};
  };
}

if (import.meta.main) {
  const [path = "values.log", port = "7000"] = Deno.args;
  const system = new ActorSystem("kv");
  system.spawn("kv", keyValueServer(path, { address: { hostname: "127.0.0.1", port: Number(port) } }), {
    onFailure: escalate(),
  });
  await run(system);
}
