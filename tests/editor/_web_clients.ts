import { WebsocketProvider } from "y-websocket";
import * as Y from "yjs";
import { type TempDirectory, type TestProcess, until } from "../_helpers.ts";
import { startEditor, startPython } from "./_play.ts";

/**
 * A provider checks its connection at intervals of its own, also when it was destroyed: that is no leak of
 * ours.
 */
export const FOREIGN = { sanitizeOps: false, sanitizeResources: false };

export interface Door extends AsyncDisposable {
  readonly server: TestProcess;
  readonly port: number;
  readonly web: number;
  readonly url: string;
}

export async function open(directory: TempDirectory, ...args: string[]): Promise<Door> {
  const play = await startEditor(
    directory,
    "--web-port",
    args.includes("--at") ? args[args.indexOf("--at") + 1] ?? "0" : "0",
    ...args.filter((arg, at) => arg !== "--at" && args[at - 1] !== "--at"),
  );
  const line = await play.server.line("Web door listening");
  const web = Number(/:(\d+)$/.exec(line)?.[1]);
  return {
    server: play.server,
    port: play.port,
    web,
    url: `ws://127.0.0.1:${web}/sync`,
    [Symbol.asyncDispose]: () => play[Symbol.asyncDispose](),
  };
}

/** Bytes of memory that a server has now, and its descriptors. */
export async function takenBy({ server }: Door): Promise<{ bytes: number; descriptors: number }> {
  await using python = startPython("_memory_of.py", String(server.pid));
  const [bytes = NaN, , descriptors = NaN] = (await python.ended()).stdout.split(" ").map(Number);
  return { bytes, descriptors };
}

/** A client of y-websocket. */
export class Provider implements Disposable {
  readonly doc = new Y.Doc();
  readonly text = this.doc.getText("content");
  readonly provider: WebsocketProvider;

  constructor(url: string, params: Record<string, string> = {}) {
    this.provider = new WebsocketProvider(url, "room", this.doc, {
      disableBc: true,
      params,
      maxBackoffTime: 300,
    });
  }

  static async open(url: string): Promise<Provider> {
    const client = new Provider(url);
    await client.synced();
    return client;
  }

  async synced(): Promise<void> {
    await until(() => this.provider.synced, "the provider to be synced");
  }

  get value(): string {
    return this.text.toString();
  }

  [Symbol.dispose](): void {
    this.provider.destroy();
    this.doc.destroy();
  }
}
