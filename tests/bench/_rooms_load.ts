/**
 * Load for a chat of many rooms, in a process of its own that is not the limit. Called with the port, the
 * rooms, the members of each, and how many lines are said at once. One member of each room talks: it says so
 * many lines in one go, and the next once everybody has heard all of these; so how much goes into one write
 * does not depend on which of the processes is the slowest. For each line of its input, milliseconds, it runs
 * for so long and prints how many lines were delivered.
 *
 * @module
 */
import type { Passed } from "./_load.ts";
import { connectTo, done, Epoll, libc, sendAll } from "./_sockets.ts";

const [port = NaN, roomCount = NaN, members = NaN, atOnce = NaN] = Deno.args.map(Number);
const TEXT = "x".repeat(60);
const SILENT_MS = 1000;
const CALL = "here\n";
/** A call reaches those who are in by then. */
const CALL_MS = 500;

const epoll = new Epoll();
const encoder = new TextEncoder();
const decoder = new TextDecoder();
const received = new Uint8Array(65536);
const roomOf = new Map<number, Room>();
/** What each was told last before all were in: it says why a connection was closed. */
const told = new Map<number, string>();

/** One room, and who talks in it. */
class Room {
  readonly #talker: number;
  readonly #lines = encoder.encode(`${TEXT}\n`.repeat(atOnce));
  /** Bytes that all hear of what is said at once. */
  readonly #all: number;
  /** Those of them that nobody has heard yet. */
  left = 0;
  /** Members that have not heard who talks yet: they may not be in. */
  readonly absent: Set<number>;

  constructor(number: number) {
    const sockets = Array.from({ length: members }, (_, index) => {
      const socket = connectTo({ port });
      sendAll(socket, encoder.encode(`n${number}-${index}\n/join room${number}\n`));
      epoll.add(socket);
      roomOf.set(socket, this);
      return socket;
    });
    this.#talker = sockets[0] ?? NaN;
    this.absent = new Set(sockets.slice(1));
    this.#all = `n${number}-0: ${TEXT}\n`.length * atOnce * (members - 1);
  }

  call(): void {
    sendAll(this.#talker, encoder.encode(CALL));
  }

  talk(): void {
    this.left = this.#all;
    sendAll(this.#talker, this.#lines);
  }
}

/** Reads what has come: how many bytes, in which room, and by which socket. */
function* heard(timeoutMs: number): Generator<readonly [Room, number, number]> {
  for (const socket of epoll.wait(timeoutMs)) {
    const room = roomOf.get(socket);
    const bytes = done(libc.read(socket, received, BigInt(received.length)), "receive");
    if (room === undefined || bytes === 0) {
      throw new Error(`Cannot go on: a connection was closed, of who was told: ${told.get(socket)}`);
    }
    yield [room, bytes, socket];
  }
}

/** Waits until everybody is in, and nobody is told any more who comes. */
function gather(rooms: readonly Room[]): void {
  for (let calledAt = -Infinity; rooms.some(({ absent }) => absent.size > 0);) {
    if (performance.now() - calledAt > CALL_MS) {
      calledAt = performance.now();
      for (const room of rooms) if (room.absent.size > 0) room.call();
    }
    for (const [room, bytes, socket] of heard(CALL_MS)) {
      const text = decoder.decode(received.subarray(0, bytes));
      told.set(socket, text);
      if (text.includes(`: ${CALL}`)) room.absent.delete(socket);
    }
  }
  while ([...heard(SILENT_MS)].length > 0);
}

/** Talks for a while, until all was heard. Gives how many lines were delivered. */
function run(rooms: readonly Room[], runMs: number): number {
  const end = performance.now() + runMs;
  let [rounds, talking] = [0, rooms.length];
  for (const room of rooms) room.talk();
  while (talking > 0) {
    let isSilent = true;
    for (const [room, bytes] of heard(10_000)) {
      isSilent = false;
      room.left -= bytes;
      if (room.left < 0) throw new Error("Cannot go on: more was heard than was said");
      if (room.left > 0) continue;
      rounds++;
      if (performance.now() < end) room.talk();
      else talking--;
    }
    if (isSilent) throw new Error("Cannot go on: nothing was heard for ten seconds");
  }
  return rounds * atOnce * (members - 1);
}

const rooms = Array.from({ length: roomCount }, (_, number) => new Room(number));
gather(rooms);
console.log("ready");
for await (const text of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
  const begun = performance.now();
  const messages = run(rooms, Number(text));
  const passed: Pick<Passed, "messages" | "seconds"> = {
    messages,
    seconds: (performance.now() - begun) / 1000,
  };
  console.log(JSON.stringify(passed));
}
Deno.exit(0);
