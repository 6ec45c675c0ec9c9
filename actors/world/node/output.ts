/**
 * The streams of Node's process, by their descriptors: its own streams neither say how much they took nor
 * that nobody reads.
 *
 * @module
 */
import { write, writeSync } from "node:fs";
import type { Output, OutputStream } from "../real/output.ts";

function stream(descriptor: number): OutputStream {
  return {
    write: (bytes) =>
      new Promise((resolve, reject) =>
        write(descriptor, bytes, (error, count) => error === null ? resolve(count) : reject(error))
      ),
    writeSync: (bytes) => writeSync(descriptor, bytes),
  };
}

/** stdout and stderr. */
export const nodeOutput: Output = { stdout: stream(1), stderr: stream(2) };
