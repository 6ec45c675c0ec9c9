/**
 * The records store's server.
 *
 * @module
 */
import { recordsServer, type RecordsServerCommand, type RecordsServerEvent } from "../actors/records/mod.ts";
import { type World, WorldError } from "../actors/world/world.ts";
import type { Behavior } from "../mod.ts";
import { MAX_DATA_LIMIT_BYTES } from "../protocols/records.ts";
import {
  custom,
  defineTask,
  type Flag,
  integer,
  listenFlags,
  named,
  number,
  path,
  serverTls,
  type TaskOptions,
  tcpServerFlags,
  text,
  UsageError,
} from "./_cli.ts";
import { serve } from "./_serve.ts";

const { slowClientMs, maxOutboundBytes, tlsCert, tlsKey } = tcpServerFlags();
const { host, port, drainMs } = listenFlags({ port: 12_000, host: "localhost" });
/** Timers count milliseconds in 31 bits. */
const MAX_TIMER_SECONDS = 2_000_000;
/** A threshold is no timer: three hundred years. */
const MAX_THRESHOLD_SECONDS = 10_000_000_000;

function seconds(help: string, byDefault: number, min: number, max: number, ...env: string[]): Flag<number> {
  return named(number({ help, value: "SECONDS", default: byDefault, min, max }), ...env);
}

/** The command line, and the keys of `.env`. */
export const task = defineTask({
  name: "records:server",
  summary: "Student records store: the server",
  env: "RECORDS",
  flags: {
    host: named(host, "SERVER_HOST"),
    port: named(port, "SERVER_PORT"),
    maxClients: named(integer({ help: "Most clients at once", min: 1, default: 10 }), "MAX_CONNECTION"),
    updateTimer: seconds(
      "Seconds between two looks for old records",
      60,
      0.1,
      MAX_TIMER_SECONDS,
      "UPDATE_TIMER",
    ),
    updateThreshold: seconds(
      "Age in seconds from which on a record is old",
      900,
      0,
      MAX_THRESHOLD_SECONDS,
      "UPDATE_TRESH",
      "UPDATE_THRESHOLD",
    ),
    filePath: named(path({ help: "Folder of the client files", value: "FOLDER" }), "FILE_PATH"),
    recordPath: named(path({ help: "Folder of the record file", value: "FOLDER" }), "RECORD_PATH"),
    recordFile: custom({
      help: "Name of the record file",
      value: "NAME",
      takes: "the name of a file, without a folder",
      default: "records.json",
      env: ["RECORD_FILE"],
      parse(name) {
        if (!/[/\\\0]/.test(name) && name !== "." && name !== ".." && !/^[0-9]{1,20}\.txt$/.test(name)) {
          return name;
        }
        throw new UsageError(`${JSON.stringify(name)} is not the name of a file for it, without a folder`);
      },
    }),
    clientTimeout: seconds(
      "Seconds of silence after which a client is disconnected; 0 is never",
      300,
      0,
      MAX_TIMER_SECONDS,
      "CLIENT_TIMEOUT",
    ),
    idleTimeoutMs: integer({ help: "The same in milliseconds; beats it", value: "MS" }),
    authToken: named(text({ help: "What clients must show first" }), "AUTH_TOKEN"),
    tlsCert: named(tlsCert, "TLS_CERT"),
    tlsKey: named(tlsKey, "TLS_KEY"),
    maxDataBytes: named(
      integer({
        help: "Most bytes of a record",
        min: 1,
        max: MAX_DATA_LIMIT_BYTES,
        default: 65536,
        value: "BYTES",
      }),
      "MAX_DATA_BYTES",
    ),
    drainMs,
    slowClientMs,
    maxOutboundBytes,
  },
  check(options) {
    if (options.filePath === undefined) return missing("FILE_PATH", "client files", "--file-path");
    if (options.recordPath === undefined) return missing("RECORD_PATH", "record file", "--record-path");
    if ((options.tlsCert === undefined) !== (options.tlsKey === undefined)) {
      const [there, lacking] = options.tlsKey === undefined
        ? ["TLS_CERT", "TLS_KEY"]
        : ["TLS_KEY", "TLS_CERT"];
      return `${lacking} is missing: with ${there} it takes a file (PEM)`;
    }
    return undefined;
  },
});

function missing(key: string, ofWhat: string, flag: string): string {
  return `${key} is missing: it takes the folder of the ${ofWhat} (in .env, in the environment, or as ${flag})`;
}

/** The root behaviour that the options ask for. Throws {@linkcode UsageError} when a folder or file that they name is not there. */
export async function root(
  options: TaskOptions<typeof task.flags>,
  world: World,
): Promise<Behavior<RecordsServerCommand | RecordsServerEvent>> {
  const { authToken: token, idleTimeoutMs = options.clientTimeout * 1000 } = options;
  return recordsServer({
    address: { hostname: options.host, port: options.port },
    filesFolder: await existing(world, "FILE_PATH", "folder", options.filePath),
    recordFolder: await existing(world, "RECORD_PATH", "folder", options.recordPath),
    recordName: options.recordFile,
    maxConnections: options.maxClients,
    refreshIntervalMs: options.updateTimer * 1000,
    refreshThresholdMs: options.updateThreshold * 1000,
    maxDataBytes: options.maxDataBytes,
    limits: { idleTimeoutMs, slowClientMs: options.slowClientMs, maxOutboundBytes: options.maxOutboundBytes },
    drainMs: options.drainMs,
    ...(token === undefined ? {} : { token }),
    ...await tls(options, world),
  });
}

async function tls(
  { tlsCert, tlsKey }: TaskOptions<typeof task.flags>,
  world: World,
): ReturnType<typeof serverTls> {
  if (tlsCert !== undefined) await existing(world, "TLS_CERT", "file", tlsCert);
  if (tlsKey !== undefined) await existing(world, "TLS_KEY", "file", tlsKey);
  const served = await serverTls({ tlsCert, tlsKey }, world.disk);
  if (served.tls) {
    if (!/^-----BEGIN CERTIFICATE-----/m.test(served.tls.cert)) {
      throw noPem("TLS_CERT", tlsCert, "certificate");
    }
    if (!/^-----BEGIN [A-Z ]*PRIVATE KEY-----/m.test(served.tls.key)) {
      throw noPem("TLS_KEY", tlsKey, "private key");
    }
  }
  return served;
}

function noPem(key: string, given: string | undefined, what: string): UsageError {
  return new UsageError(`${key}: ${JSON.stringify(given)} holds no ${what}: it takes a file with one (PEM)`);
}

async function existing(world: World, key: string, what: "folder" | "file", given = ""): Promise<string> {
  try {
    const { isFile, isFolder } = await world.disk.stat(given);
    if (what === "folder" ? isFolder : isFile) return given.replace(/(?<=.)\/+$/, "");
  } catch (error) {
    if (!(error instanceof WorldError)) throw error;
    if (error.kind !== "not-found" && error.kind !== "not-a-directory") {
      throw new UsageError(`${key}: ${error.message}`, { cause: error });
    }
  }
  throw new UsageError(`${key}: ${JSON.stringify(given)} is not there: it takes a ${what} that exists`);
}

if (import.meta.main) await serve(task, root);
