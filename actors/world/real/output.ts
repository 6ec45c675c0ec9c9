/**
 * The streams of a process that lines are written to.
 *
 * @module
 */

/** Where lines go. */
export type LogStream = "stdout" | "stderr";

/** One of the two. Both ways of writing may take fewer bytes than they were given, and say how many. */
export interface OutputStream {
  write(bytes: Uint8Array): Promise<number>;
  writeSync(bytes: Uint8Array): number;
}

/** Both. */
export type Output = Readonly<Record<LogStream, OutputStream>>;

/** Whether a stream takes nothing more for the moment. */
export function isFull(error: unknown): boolean {
  return hasName(error, "WouldBlock", "EAGAIN");
}

/** Whether nobody reads a stream any more. */
export function isUnread(error: unknown): boolean {
  return hasName(error, "BrokenPipe", "EPIPE");
}

/** Whether it is the error that Deno gives this name, and Node this code. */
function hasName(error: unknown, name: string, code: string): boolean {
  return error instanceof Error && (error.name === name || ("code" in error && error.code === code));
}
