/**
 * What tests of several cores share.
 *
 * @module
 */
import { startProcess, TestClient, type TestProcess, until } from "../_helpers.ts";

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

/** A client that came in on this core. Others go again; a core that has just died is waited for. */
export async function clientOn(core: string, port: number): Promise<TestClient> {
  let found: TestClient | undefined;
  await until(async () => {
    const client = await TestClient.connect(port);
    // A connection may reach the port of a thread that ends.
    if (await ask(client, "where").catch(() => "closed") === core) found = client;
    else client.close();
    return found !== undefined;
  }, `a client on ${core}`);
  if (found === undefined) throw new Error(`Cannot reach ${core}`);
  return found;
}
