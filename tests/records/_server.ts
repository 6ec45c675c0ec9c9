/**
 * The records server as a real process, and clients on real sockets.
 *
 * @module
 */
import { assert } from "@std/assert";
import { startTask, type TempDirectory, tempDirectory, TestClient, type TestProcess } from "../_helpers.ts";

/** A records server with folders of its own, configured by a `.env` file. */
export interface RecordsProcess extends AsyncDisposable {
  readonly directory: TempDirectory;
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
export async function writeDotEnv(directory: TempDirectory, settings: Record<string, string>): Promise<void> {
  const lines = Object.entries(settings).map(([key, value]) => `${key}=${value}\n`);
  await Deno.writeTextFile(directory.file(".env"), lines.join(""));
}

/** Starts a server; `prepare` fills its folders before. */
export async function startRecords(
  settings: Record<string, string> = {},
  prepare: (directory: TempDirectory) => Promise<void> | void = () => {},
): Promise<RecordsProcess> {
  const directory = await tempDirectory();
  const files = directory.file("files");
  let process: TestProcess;
  let port: number;
  const start = async () => {
    process = startTask("records:server", [], { cwd: directory.path });
    port = await process.port(/ready to receive/);
  };
  try {
    await Deno.mkdir(files);
    await writeDotEnv(directory, {
      SERVER_PORT: "0",
      SERVER_HOST: "127.0.0.1",
      FILE_PATH: files,
      RECORD_PATH: directory.path,
      ...settings,
    });
    await prepare(directory);
    await start();
  } catch (error) {
    await directory[Symbol.asyncDispose]();
    throw error;
  }
  return {
    directory,
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
    records: async () => JSON.parse(await Deno.readTextFile(directory.file("records.json"))),
    async [Symbol.asyncDispose]() {
      await process[Symbol.asyncDispose]();
      await directory[Symbol.asyncDispose]();
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
export async function tree(directory: string, below = ""): Promise<string[]> {
  const names: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(directory + below)) {
    if (isDirectory) names.push(...await tree(directory, `${below}/${name}`));
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
