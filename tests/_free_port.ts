/**
 * TCP ports for programs that have to be told one.
 *
 * @module
 */
const FIRST_PORT = 10_000;
/** Of three thousands one is given: nodes listen on the ports 1000 and 2000 above and below theirs too. */
const THOUSANDS = 7;
/** From the port of a node to those on which it listens too. */
const OFFSETS = [0, 1000, 2000];
/** What a run before this one has taken is free again. */
const TAKEN_MS = 3_600_000;
/** So many are looked at by chance: with one of a hundred left, it is missed once in 10^43 times. */
const MAX_TRIES = 10_000;

/**
 * A TCP port of 127.0.0.1 that nobody listens on now, nor on those 1000 and 2000 above it, and that no other
 * test is given, nor those above it. Prefer port 0 and the line that names the real one.
 *
 * It is below those that systems give to whoever asks for any: none of the many clients beside can have got
 * it by the time that it is listened on.
 */
export function freePort(): number {
  for (let tries = 1; tries <= MAX_TRIES; tries++) {
    const port = FIRST_PORT + 3000 * below(THOUSANDS) + below(1000);
    if (take(port) && OFFSETS.every((offset) => isFree(port + offset))) return port;
  }
  throw new Error("Cannot find a free port: all are taken");
}

function isFree(port: number): boolean {
  try {
    Deno.listen({ hostname: "127.0.0.1", port }).close();
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) return false;
    throw error;
  }
}

function below(count: number): number {
  return Math.floor(Math.random() * count);
}

/** Puts a file there that says so: tests of one run are many processes or threads. */
function take(port: number): boolean {
  const directory = decodeURIComponent(new URL("../.tmp/ports", import.meta.url).pathname);
  Deno.mkdirSync(directory, { recursive: true });
  const path = `${directory}/${port}`;
  try {
    Deno.openSync(path, { write: true, createNew: true }).close();
    return true;
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    const { mtime } = Deno.statSync(path);
    if (Date.now() - Number(mtime) < TAKEN_MS) return false;
    Deno.utimeSync(path, new Date(), new Date());
    return true;
  }
}
