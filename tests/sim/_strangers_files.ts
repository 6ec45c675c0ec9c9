/**
 * The services that own files, each on a simulated machine of its own, for what strangers do to these.
 *
 * @module
 */
import { chatServer } from "../../actors/chat/mod.ts";
import { editorServer } from "../../actors/editor/mod.ts";
import { peer } from "../../actors/election/mod.ts";
import { recordsServer } from "../../actors/records/mod.ts";
import type { SimHost } from "../../actors/world/sim/mod.ts";
import { ActorSystem, escalate } from "../../mod.ts";
import { recordText } from "../records/_store.ts";
import { delay } from "./_harness.ts";
import { Wire } from "./_strangers_house.ts";

export const DATA = "/data";
const PORT = 7000;
const STAMP = "2026-01-01 00:00:00";
const ONE_MS = 200;
const ESCALATE = { onFailure: escalate() };

/** A service that owns a file. */
export interface SimOwner {
  readonly name: "editor" | "chat" | "records" | "peer";
  /** The file's name in {@linkcode DATA}. */
  readonly file: string;
  /** What it is replaced or appended by. */
  readonly grows: "by lines" | "whole";
  spawn(system: ActorSystem, port: number, file: string): void;
  /** Has a client say a text that the file is to hold. */
  say(host: SimHost, text: string): Promise<void>;
  /** What the file is to hold then. */
  readonly holds: (text: string) => string;
}

async function talk(host: SimHost, lines: string): Promise<void> {
  const wire = await Wire.open(host.world, PORT, "127.0.0.1");
  await wire.send(lines);
  await wire.ends(ONE_MS);
  wire.close();
  await delay(host.world, ONE_MS);
}

export const EDITOR: SimOwner = {
  name: "editor",
  file: "notes.txt",
  grows: "by lines",
  spawn: (system, port, file) =>
    void system.spawn("server", editorServer({ address: { hostname: "::", port }, file }), ESCALATE),
  say: (host, text) => talk(host, `${text}\n`),
  holds: (text) => text,
};

export const CHAT: SimOwner = {
  name: "chat",
  file: "history",
  grows: "by lines",
  spawn: (system, port, file) =>
    void system.spawn(
      "server",
      chatServer({ address: { hostname: "::", port }, historyFile: file }),
      ESCALATE,
    ),
  // The moment makes the name one that nobody else has.
  say: (host, text) => talk(host, `who${Math.floor(host.world.clock.monotonic())}\n${text}\n`),
  holds: (text) => text,
};

export const RECORDS: SimOwner = {
  name: "records",
  file: "5.txt",
  grows: "whole",
  spawn: (system, port) =>
    void system.spawn(
      "server",
      recordsServer({
        address: { hostname: "::", port },
        filesDirectory: DATA,
        recordDirectory: DATA,
        recordName: "records.json",
        refreshIntervalMs: 500,
        refreshThresholdMs: 600_000,
      }),
      ESCALATE,
    ),
  say: (host, text) => writeRecord(host, "5", recordText(STAMP, text)),
  holds: (text) => `Reason: ${text}\n`,
};

export const PEER: SimOwner = {
  name: "peer",
  file: "Peer_files.log",
  grows: "whole",
  spawn: (system, port, file) =>
    void system.spawn(
      "server",
      peer({
        id: 1,
        nodes: [{ id: 1, address: { hostname: "localhost", port } }],
        listen: { hostname: "::", port },
        directory: `${DATA}/Node1`,
        memoryPath: `${DATA}/memory`,
        logPath: file,
      }),
      ESCALATE,
    ),
  async say(host, text) {
    host.disk.write(`${DATA}/Node1/${text}`, "");
    await delay(host.world, 3000);
  },
  holds: (text) => `\n${text}\n`,
};

export const OWNERS: readonly SimOwner[] = [EDITOR, CHAT, RECORDS, PEER];

/** Starts the service of a host that has its folder. */
export async function startOwner(owner: SimOwner, host: SimHost): Promise<void> {
  host.start((world) => {
    const system = new ActorSystem(owner.name, { world });
    owner.spawn(system, PORT, `${DATA}/${owner.file}`);
    return system;
  });
  // A node waits for others first.
  await delay(host.world, owner === PEER ? 3000 : 500);
}

/** Asks the records store of a host. */
export async function askRecords(host: SimHost, request: unknown): Promise<string> {
  const wire = await Wire.open(host.world, PORT, "127.0.0.1");
  await wire.send(`${JSON.stringify(request)}\n`);
  await wire.hears(/\n/, 5000);
  wire.close();
  return wire.heard;
}

/** Writes a record of a host's store; throws when that has not been acknowledged. */
export async function writeRecord(host: SimHost, id: string, text: string): Promise<void> {
  const answer = await askRecords(host, { client_ID: id, type: "write", data: text });
  if (!answer.includes('"success"')) throw new Error(`Cannot write ${id}: ${answer}`);
}
