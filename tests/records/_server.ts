/**
 * The records server as a real process, and clients on real sockets.
 *
 * @module
 */
import { assert } from "@std/assert";
import { startTask, type TempFolder, tempFolder, TestClient, type TestProcess } from "../_helpers.ts";

/** A records server with folders of its own, configured by a `.env` file. */
export interface RecordsProcess extends AsyncDisposable {
  readonly folder: TempFolder;
  /** The process; another one after {@linkcode RecordsProcess.restart}. */
  readonly process: TestProcess;
  readonly port: number;
  /** Folder of the clients' files. */
  readonly files: string;
  connect(): Promise<RecordsTestClient>;
  /** Kills it with SIGKILL. */
  kill(): Promise<void>;
  /** Starts it anew in the same folder. */
  restart(): Promise<void>;
  /** The record file. */
  records(): Promise<Record<string, string>>;
}

/** Writes a `.env` file. */
export async function writeDotEnv(folder: TempFolder, settings: Record<string, string>): Promise<void> {
  const lines = Object.entries(settings).map(([key, value]) => `${key}=${value}\n`);
  await Deno.writeTextFile(folder.file(".env"), lines.join(""));
}

/** Starts a server; `prepare` fills its folders before. */
export async function startRecords(
  settings: Record<string, string> = {},
  prepare: (folder: TempFolder) => Promise<void> | void = () => {},
): Promise<RecordsProcess> {
  const folder = await tempFolder();
  const files = folder.file("files");
  let process: TestProcess;
  let port: number;
  const start = async () => {
    process = startTask("records:server", [], { cwd: folder.path });
    port = await process.port(/ready to receive/);
  };
  try {
    await Deno.mkdir(files);
    await writeDotEnv(folder, {
      SERVER_PORT: "0",
      SERVER_HOST: "127.0.0.1",
      FILE_PATH: files,
      RECORD_PATH: folder.path,
      ...settings,
    });
    await prepare(folder);
    await start();
  } catch (error) {
    await folder[Symbol.asyncDispose]();
    throw error;
  }
  return {
    folder,
    files,
    get process() {
      return process;
    },
    get port() {
      return port;
    },
    connect: async () => new RecordsTestClient(await TestClient.connect(port)),
    async kill() {
      process.kill("SIGKILL");
      await process.ended();
    },
    restart: start,
    records: async () => JSON.parse(await Deno.readTextFile(folder.file("records.json"))),
    async [Symbol.asyncDispose]() {
      await process[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

/** An answer as it is on the wire. */
export interface Answer {
  readonly client_ID: string | null;
  readonly type: string;
  readonly data: unknown;
}

/** A client that sends what it likes, and reads answers. */
export class RecordsTestClient implements Disposable {
  readonly raw: TestClient;

  constructor(raw: TestClient) {
    this.raw = raw;
  }

  /** Sends an object as JSON, a text or bytes as they are. */
  async send(request: object | string): Promise<void> {
    const isPlain = typeof request === "string" || request instanceof Uint8Array;
    await this.raw.send(isPlain ? request : JSON.stringify(request));
  }

  /** The next answer. */
  async answer(): Promise<Answer> {
    const line = await this.raw.line();
    assert(line !== null, "the server has closed the connection");
    return JSON.parse(line);
  }

  /** Sends, and waits for the answer. */
  async ask(request: object | string): Promise<Answer> {
    await this.send(request);
    return await this.answer();
  }

  write(client_ID: string, data: string): Promise<Answer> {
    return this.ask({ client_ID, type: "write", data });
  }

  read(client_ID: string): Promise<Answer> {
    return this.ask({ client_ID, type: "read" });
  }

  [Symbol.dispose](): void {
    this.raw.close();
  }
}

/** All files below a folder, sorted. */
export async function tree(folder: string, below = ""): Promise<string[]> {
  const names: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(folder + below)) {
    if (isDirectory) names.push(...await tree(folder, `${below}/${name}`));
    else names.push(`${below}/${name}`);
  }
  return names.sort();
}

/** The datestamp of so many seconds ago, in local time. */
export function stampAgo(seconds: number): string {
  const at = new Date(Date.now() - seconds * 1000);
  const local = new Date(at.getTime() - at.getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, 19).replace("T", " ");
}

/** A record as a client sends it. */
export function recordText(stamp: string, rest: string): string {
  return `Last updated: ${stamp}\nStudent ID: 1\nName: A\nDate of Birth: 2000-01-01\nCity: B\nReason: ${rest}\n`;
}
