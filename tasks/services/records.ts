/**
 * The records store.
 *
 * @module
 */
import { recordsServer } from "../../actors/records/mod.ts";
import { type World, WorldError } from "../../actors/world/world.ts";
import { MAX_DATA_LIMIT_BYTES } from "../../protocols/records.ts";
import {
  custom,
  type Flag,
  guarding,
  integer,
  listenFlags,
  loginFlags,
  named,
  number,
  path,
  serverTls,
  tcpLimits,
  tcpServerFlags,
  text,
  UsageError,
} from "../_cli.ts";
import { DATA_RIGHTS, dataFlags, inDataDir, makeDataDir } from "../_data_dir.ts";
import { recordsSection } from "../_demo/records.ts";
import { defineService } from "../_service.ts";

const {
  slowClientMs,
  maxOutboundBytes,
  maxPerAddress,
  vanishedMs,
  handshakeTimeoutMs,
  tlsCert,
  tlsKey,
} = tcpServerFlags();
const { host, port, drainMs } = listenFlags({ port: 12_000, host: "localhost" });
/** Timers count milliseconds in 31 bits. */
const MAX_TIMER_SECONDS = 2_000_000;
/** A threshold is no timer: three hundred years. */
const MAX_THRESHOLD_SECONDS = 10_000_000_000;

function seconds(help: string, byDefault: number, min: number, max: number, ...env: string[]): Flag<number> {
  return named(number({ help, value: "SECONDS", default: byDefault, min, max }), ...env);
}

/** The manifest. */
export const records = defineService({
  name: "records",
  summary: "Student records store",
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
    authToken: guarding(named(text({ help: "What clients must show first" }), "AUTH_TOKEN")),
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
    ...dataFlags(),
    drainMs,
    slowClientMs,
    maxOutboundBytes,
    maxPerAddress,
    vanishedMs,
    handshakeTimeoutMs,
    ...loginFlags(),
  },
  check(options) {
    const { filePath, recordPath } = options;
    if (filePath === undefined && recordPath !== undefined) {
      return missing("FILE_PATH", "client files", "--file-path");
    }
    if (recordPath === undefined && filePath !== undefined) {
      return missing("RECORD_PATH", "record file", "--record-path");
    }
    if ((options.tlsCert === undefined) !== (options.tlsKey === undefined)) {
      const [there, lacking] = options.tlsKey === undefined
        ? ["TLS_CERT", "TLS_KEY"]
        : ["TLS_KEY", "TLS_CERT"];
      return `${lacking} is missing: with ${there} it takes a file (PEM)`;
    }
    return undefined;
  },
  rights: DATA_RIGHTS,
  async behavior(options, { world }) {
    const { authToken: token, idleTimeoutMs = options.clientTimeout * 1000 } = options;
    return recordsServer({
      address: { hostname: options.host, port: options.port },
      ...await directories(options, world),
      recordName: options.recordFile,
      maxConnections: options.maxClients,
      refreshIntervalMs: options.updateTimer * 1000,
      refreshThresholdMs: options.updateThreshold * 1000,
      maxDataBytes: options.maxDataBytes,
      limits: tcpLimits({ ...options, idleTimeoutMs }),
      drainMs: options.drainMs,
      ...(token === undefined ? {} : { token }),
      ...await tls(options, world),
    });
  },
  client: () => import("../records_client.ts"),
  demo: recordsSection,
  smoke: {
    says: [`{"client_ID": "150210710", "type": "read", "data": ""}`],
    hears: [/Client not found\./],
  },
});

function missing(key: string, ofWhat: string, flag: string): string {
  return `${key} is missing: it takes the folder of the ${ofWhat} (in .env, in the environment, or as ${flag})`;
}

/** Where the files are kept when nothing says so. */
const DEFAULT_DIRECTORY = "records";

/** The directories that the options name; when they name none, one is made. */
async function directories(
  options: {
    readonly dataDir: string;
    readonly filePath: string | undefined;
    readonly recordPath: string | undefined;
  },
  world: World,
): Promise<{ readonly filesDirectory: string; readonly recordDirectory: string }> {
  const { filePath, recordPath } = options;
  await makeDataDir(options, world);
  if (filePath === undefined && recordPath === undefined) {
    const directory = inDataDir(options, DEFAULT_DIRECTORY);
    await world.disk.makeDirectory(directory, { recursive: true });
    const message = `Neither FILE_PATH nor RECORD_PATH is set: records are kept in ${directory}/`;
    world.log.write({ level: "info", actor: "/", message });
    return { filesDirectory: directory, recordDirectory: directory };
  }
  return {
    filesDirectory: await existing(world, "FILE_PATH", "folder", inDataDir(options, filePath ?? "")),
    recordDirectory: await existing(world, "RECORD_PATH", "folder", inDataDir(options, recordPath ?? "")),
  };
}

async function tls(
  { tlsCert, tlsKey }: { readonly tlsCert: string | undefined; readonly tlsKey: string | undefined },
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
    const { isFile, isDirectory } = await world.disk.stat(given);
    if (what === "folder" ? isDirectory : isFile) return given.replace(/(?<=.)\/+$/, "");
  } catch (error) {
    if (!(error instanceof WorldError)) throw error;
    if (error.kind !== "not-found" && error.kind !== "not-a-directory") {
      throw new UsageError(`${key}: ${error.message}`, { cause: error });
    }
  }
  throw new UsageError(`${key}: ${JSON.stringify(given)} is not there: it takes a ${what} that exists`);
}
