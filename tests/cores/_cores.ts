/**
 * What tests of several cores share.
 *
 * @module
 */
import { startProcess, TestClient, type TestProcess } from "../_helpers.ts";

/** Starts a program of this directory. */
export function startProgram(name: string, ...args: readonly string[]): TestProcess {
  const rights = ["--allow-net=127.0.0.1", "--allow-read", "--allow-env"];
  return startProcess(Deno.execPath(), ["run", "-q", ...rights, `tests/cores/${name}`, ...args]);
}

/** Says a line, and gives the next that comes. */
export async function ask(client: TestClient, line: string): Promise<string> {
  await client.send(`${line}\n`);
  return await client.line() ?? "closed";
}

/** A client that came in on this core. Others go again. */
export async function clientOn(core: string, port: number): Promise<TestClient> {
  for (let tries = 0; tries < 200; tries++) {
    const client = await TestClient.connect(port);
    if (await ask(client, "where") === core) return client;
    client.close();
  }
  throw new Error(`Cannot reach ${core}: nobody was sent there`);
}
