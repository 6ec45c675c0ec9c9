/**
 * Every service that owns files, as a real process, for what all of them promise about these.
 *
 * @module
 */
import { type Ended, startTask, type TaskName, type TestProcess } from "../_helpers.ts";

/** A service that owns files. */
export interface FileOwner {
  readonly name: string;
  readonly task: TaskName;
  /** The arguments with which it owns the file (or, of records, the folder) at `path`. */
  args(path: string): string[];
  /** The line of its output that says it is ready. */
  readonly ready: RegExp;
}

/** The servers. */
export const EDITOR: FileOwner = {
  name: "editor",
  task: "editor:server",
  args: (path) => ["--port", "0", "--file", path],
  ready: /listening on port/,
};
export const CHAT: FileOwner = {
  name: "chat",
  task: "chat:server",
  args: (path) => ["--port", "0", "--rate", "0", "--history", path],
  ready: /started on port/,
};
export const RECORDS: FileOwner = {
  name: "records",
  task: "records:server",
  args: (path) => ["--host", "127.0.0.1", "--port", "0", "--file-path", path, "--record-path", path],
  ready: /ready to receive/,
};

/** A node whose own file is its memory. It is alone in its network. */
export const PEER: FileOwner = {
  name: "peer",
  task: "peer",
  args: (path) => [
    ...["1", "--nodes", "1=127.0.0.1:18080", "--port", "0", "--swarm-port", "0", "--http-port", "0"],
    ...["--wait-ms", "0", "--memory", path],
  ],
  ready: /listening/,
};

/** Starts a service in a folder, and waits until it is ready. Says its port, too. */
export async function started(
  owner: FileOwner,
  path: string,
  cwd: string,
): Promise<{ process: TestProcess; port: number }> {
  const process = startTask(owner.task, owner.args(path), { cwd });
  try {
    return { process, port: await process.port(owner.ready) };
  } catch (error) {
    await process[Symbol.asyncDispose]();
    throw error;
  }
}

/** Runs a service that is expected to end by itself. */
export async function refused(owner: FileOwner, path: string, cwd: string): Promise<Ended> {
  await using process = startTask(owner.task, owner.args(path), { cwd });
  return await process.ended();
}
