/**
 * Locks that the system gives back when their process ends, however it may.
 *
 * Node has no locks on files. A name in the system's own space of socket names can be bound once, and goes
 * with its process: on Linux an abstract socket (unix(7)), on Windows a named pipe. It keeps out other
 * processes of Node and Bun on the same machine and in the same network namespace, but none of Deno's, which
 * lock the file itself.
 *
 * @module
 */
import { createServer, type Server } from "node:net";
import process from "node:process";

const PREFIX: Readonly<Record<string, string>> = {
  linux: "\0troupe-lock-",
  win32: "\\\\.\\pipe\\troupe-lock-",
};

/** A name that nobody else has. */
export class KernelLock {
  readonly #server: Server | undefined;

  private constructor(server: Server | undefined) {
    this.#server = server;
  }

  /** Takes a name; undefined while another has it. Where the system has no such names nobody is kept out. */
  static tryTake(name: string): Promise<KernelLock | undefined> {
    const prefix = PREFIX[process.platform];
    if (prefix === undefined) return Promise.resolve(new KernelLock(undefined));
    return new Promise((resolve) => {
      const server = createServer((socket) => socket.destroy());
      server.on("error", (error) => {
        const isTaken = "code" in error && error.code === "EADDRINUSE";
        resolve(isTaken ? undefined : new KernelLock(undefined));
      });
      server.listen(prefix + name, () => {
        server.unref();
        resolve(new KernelLock(server));
      });
    });
  }

  /** Gives the name back. Twice is fine. */
  release(): void {
    this.#server?.close();
  }
}
