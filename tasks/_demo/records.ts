import { recordsServer } from "../../actors/records/mod.ts";
import { formatAddress } from "../../actors/net/mod.ts";
import type { SocketAddress } from "../../actors/world/world.ts";
import type { Section } from "./section.ts";

const RECORD = [
  "Last updated: 2024-03-18 13:14:33",
  "Student ID: 150210710",
  "Name: Ada Lovelace",
  "Date of Birth: 1815-12-10",
  "City: London",
  "Reason: engines",
].join("\n");

/** The records store. */
export const recordsSection: Section = {
  name: "records",
  title: "Student records (TCP, JSON)",
  about:
    "A file a student and an index of them, replaced whole or not at all. What is wrong with a request is named.",
  async play(stage) {
    const directory = await stage.directory();
    const server = stage.start(
      "server",
      recordsServer({
        address: { hostname: "127.0.0.1", port: 0 },
        filesDirectory: directory,
        recordDirectory: directory,
        recordName: "records.json",
      }),
    );
    const address = await server.ask<SocketAddress>((replyTo) => ({ type: "get-address", replyTo }), {
      timeoutMs: 5000,
    });
    stage.note(`server listens on ${formatAddress(address)}`);
    const client = await stage.client(address);
    const request = (type: string, data: string) => JSON.stringify({ client_ID: "150210710", type, data });
    stage.send("client", client, request("read", ""));
    await stage.hears("client", client, /"error".*Client not found\./);
    stage.send("client", client, request("write", RECORD));
    await stage.hears("client", client, /"success".*File updated successfully\./);
    stage.send("client", client, request("read", ""));
    await stage.hears("client", client, /"success".*Ada Lovelace/);
    stage.send("client", client, JSON.stringify({ client_ID: "../../etc/passwd", type: "read", data: "" }));
    await stage.hears("client", client, /"error"/);
    const index: unknown = JSON.parse(
      new TextDecoder().decode(await stage.world.disk.readFile(`${directory}/records.json`)),
    );
    stage.check(
      typeof index === "object" && index !== null && "150210710" in index,
      "the index names the student",
    );
    stage.note("records.json on disk names the student, with the time of the last change.");
  },
};
