/**
 * Strangers who come back to get round a rate.
 *
 * @module
 */
import { assert } from "@std/assert";
import type { SimHost, World } from "../../actors/world/sim/mod.ts";
import { SIM_DOORS, type SimDoorName, TOKEN, Wire } from "./_strangers_house.ts";
import { upgrade } from "./_strangers_talk.ts";

/** So many side by side, and how often each comes. */
const LANES = 8;
const ROUNDS = 12;
const LINES = 15;
/** However far away it is: what it has said has arrived. */
const DELAY_MS = 400;

/** Who has gone is soon seen to be gone; over IRC it stays until all that it has sent is said. */
const MOST_AT_ONCE = { chat: 3 * LANES, "chat, web": 3 * LANES, "chat, IRC": LANES * ROUNDS };

/** A text message of a WebSocket's client, masked with zeros. */
function frame(message: unknown): Uint8Array {
  const bytes = new TextEncoder().encode(JSON.stringify(message));
  return Uint8Array.of(0x81, 0x80 | bytes.length, 0, 0, 0, 0, ...bytes);
}

/** Comes back to the chat again and again, with as many lines each time: it is heard as ten members are. */
export async function cameBack(
  { world, elsewhere, house }: { readonly world: World; readonly elsewhere: World; readonly house: SimHost },
  door: "chat" | "chat, IRC" | "chat, web",
): Promise<void> {
  const { port } = SIM_DOORS[door];
  const word = `buy-at-${port}`;
  const member = await Wire.open(elsewhere, SIM_DOORS.chat.port);
  await member.send(`hears${port}\n/who\n`);
  assert(await member.hears(/^In lobby:/m, 10_000), `a member cannot enter: ${member.heard}`);
  const startedMs = world.clock.monotonic();
  const come = async (name: string) => {
    const wire = await Wire.open(world, port);
    if (door === "chat") {
      await wire.send(`${name}\n${`${word}\n`.repeat(LINES)}`);
      // Who is too fast and asks to go has gone at once, without what waits to be said.
      await wire.ends(DELAY_MS);
      await wire.send("quit\n");
    } else if (door === "chat, IRC") {
      await wire.send(`NICK ${name}\r\nUSER u 0 * :u\r\nJOIN #lobby\r\n`);
      await wire.send(`PRIVMSG #lobby :${word}\r\n`.repeat(LINES) + "QUIT\r\n");
    } else {
      await wire.send(upgrade("/chat"));
      await wire.hears(/\r\n\r\n/, 2000);
      await wire.send(frame({ type: "name", name }));
      await wire.send(frame({ type: "join", room: "lobby" }));
      await wire.ends(DELAY_MS);
      for (let line = 0; line < LINES; line++) {
        await wire.send(frame({ type: "say", room: "lobby", text: word, action: false, tag: "t" }));
      }
    }
    await wire.ends(DELAY_MS);
    wire.close();
  };
  await Promise.all(Array.from({ length: LANES }, async (_, lane) => {
    for (let round = 0; round < ROUNDS; round++) await come(`r${lane}x${round}-${port}`);
  }));
  const seconds = (world.clock.monotonic() - startedMs) / 1000;
  await member.ends(5 * DELAY_MS);
  const count = (pattern: RegExp) => member.heard.split("\n").filter((line) => pattern.test(line)).length;
  const said = count(new RegExp(`: ${word}$`));
  const { came, most } = logins(house, port);
  // As ten members, who may say six lines at once and two a second each.
  assert(said > 0 && said <= 60 + 20 * (seconds + 1), `${door}: ${said} lines in ${seconds} s`);
  // As many as are there at once, to a server that says all that was sent before it lets one go, and those
  // who come back.
  assert(most <= MOST_AT_ONCE[door], `${door}: ${most} at once`);
  assert(
    came > 0 && came <= most + 20 + 5 * (seconds + 1),
    `${door}: ${came} logins in ${seconds} s, at most ${most} at once`,
  );
  member.close();
}

/** How often those of a port have logged in, by the log of the house, and how many were there at once. */
function logins(house: SimHost, port: number): { readonly came: number; readonly most: number } {
  const isOfPort = new RegExp(`^r\\d+x\\d+-${port}$`);
  const there = new Set<unknown>();
  let came = 0;
  let most = 0;
  for (const { fields } of house.log.records) {
    if (fields?.["event"] === "disconnected") there.delete(fields["client"]);
    if (fields?.["event"] !== "logged-in" || !isOfPort.test(String(fields["name"]))) continue;
    there.add(fields["client"]);
    most = Math.max(most, there.size);
    came++;
  }
  return { came, most };
}

/** Guesses tokens on connections without number: five a second are looked at. */
export async function guessedTokens(world: World, door: SimDoorName): Promise<void> {
  const startedMs = world.clock.monotonic();
  let looked = 0;
  let refused = 0;
  const guess = async () => {
    const wire = await Wire.open(world, SIM_DOORS[door].port);
    for (let turn = 0; turn < 3 && !wire.isEnded; turn++) {
      wire.heard = "";
      await wire.send(
        door === "records"
          ? '{"type":"auth","data":"guess"}\n'
          : `GET /document HTTP/1.1\r\nHost: house\r\nAuthorization: Bearer ${TOKEN}${turn}\r\n\r\n`,
      );
      await wire.hears(/\n/, 1000);
      if (/Wrong token|HTTP\/1\.1 401/.test(wire.heard)) looked++;
      if (/Too many|HTTP\/1\.1 429/.test(wire.heard)) refused++;
    }
    wire.close();
  };
  for (let round = 0; round < 6; round++) await Promise.all([guess(), guess(), guess(), guess(), guess()]);
  const seconds = (world.clock.monotonic() - startedMs) / 1000;
  assert(looked >= 5 && looked <= 5 + 5 * (seconds + 1), `${door}: ${looked} guesses in ${seconds} s`);
  assert(refused > 0, `${door}: no guess was refused`);
}
