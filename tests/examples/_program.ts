/**
 * Programs of examples/, run as processes of their own.
 *
 * @module
 */
import { deadline, PATIENCE_MS, startProcess, type TestProcess } from "../_helpers.ts";

/** Runs a program to its end and gives what it printed. Throws when it fails. */
export async function runProgram(name: string): Promise<string> {
  await using program = startExample(name, [], []);
  const { code, stdout, stderr } = await program.ended();
  if (code !== 0) throw new Error(`${name} ended with ${code}: ${stderr}`);
  return stdout;
}

/** Starts a program that runs until it is told to stop. */
export function startExample(name: string, args: readonly string[], rights: readonly string[]): TestProcess {
  return startProcess(Deno.execPath(), ["run", "-q", ...rights, `examples/${name}`, ...args]);
}

/** Stops a program as an operator would; throws when it does not end well. */
export async function stopped(program: TestProcess): Promise<void> {
  program.kill("SIGTERM");
  const { code, stdout, stderr } = await program.ended();
  if (code !== 0) throw new Error(`It ended with ${code}: ${stdout}${stderr}`);
}

/** Sends a text over a connection of its own, ends its half, and gives what comes back until the close. */
export async function connectedText(port: number, text: string): Promise<string> {
  using conn = await Deno.connect({ hostname: "127.0.0.1", port });
  const sending = (async () => {
    const bytes = new TextEncoder().encode(text);
    for (let sent = 0; sent < bytes.length;) sent += await conn.write(bytes.subarray(sent));
    await conn.closeWrite();
  })();
  const [, said] = await deadline(
    Promise.all([sending, new Response(conn.readable).text()]),
    PATIENCE_MS,
    "the answer",
  );
  return said;
}
