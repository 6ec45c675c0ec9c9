/**
 * Load for a chat of many rooms, in a process of its own. Called with the port, the rooms, the members of
 * each, and the lines of one room that are under way at once. One member of each room talks. For each line of
 * its input, milliseconds, it runs for so long and prints how many lines were delivered.
 *
 * @module
 */
import type { Passed } from "./_load.ts";

const [port = NaN, rooms = NaN, members = NaN, window = NaN] = Deno.args.map(Number);
const TEXT = new TextEncoder().encode(`${"x".repeat(60)}\n`);

/** One room, and who is in it. */
class Room {
  readonly #conns: Deno.TcpConn[] = [];
  readonly #number: number;
  /** Lines that members have heard, and that were said. */
  heard = 0;
  #said = 0;
  #isTalking = false;

  constructor(number: number) {
    this.#number = number;
  }

  async fill(): Promise<void> {
    for (let index = 0; index < members; index++) {
      const conn = await Deno.connect({ hostname: "127.0.0.1", port });
      conn.setNoDelay(true);
      this.#conns.push(conn);
      await conn.write(new TextEncoder().encode(`n${this.#number}-${index}\n/join room${this.#number}\n`));
      this.#listen(conn).catch(() => {});
    }
  }

  async #listen(conn: Deno.TcpConn): Promise<void> {
    const buffer = new Uint8Array(65536);
    for (let count; (count = await conn.read(buffer)) !== null;) {
      for (let at = -1; (at = buffer.subarray(0, count).indexOf(10, at + 1)) >= 0;) this.heard++;
      this.#talk();
    }
  }

  #talk(): void {
    const others = members - 1;
    for (; this.#isTalking && this.#said - this.heard / others < window; this.#said++) {
      this.#conns[0]?.write(TEXT).catch(() => {});
    }
  }

  start(): void {
    // What was heard of who came in is no answer.
    this.#said = this.heard / (members - 1);
    this.#isTalking = true;
    this.#talk();
  }

  stop(): void {
    this.#isTalking = false;
  }
}

const all = Array.from({ length: rooms }, (_, number) => new Room(number));
for (const room of all) await room.fill();
const heard = () => all.reduce((sum, room) => sum + room.heard, 0);
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
/** Waits until nobody has heard anything for a while. */
async function silence(): Promise<void> {
  for (let before = -1, now = 0; before !== now; before = now, now = heard()) await pause(300);
}

await silence();
console.log("ready");
for await (const text of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
  const [from, begun] = [heard(), performance.now()];
  for (const room of all) room.start();
  await pause(Number(text));
  for (const room of all) room.stop();
  await silence();
  const passed: Pick<Passed, "messages" | "seconds"> = {
    messages: heard() - from,
    seconds: (performance.now() - begun) / 1000,
  };
  console.log(JSON.stringify(passed));
}
Deno.exit(0);
