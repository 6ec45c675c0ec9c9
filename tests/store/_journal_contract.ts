import { assert, assertEquals, assertRejects } from "@std/assert";
import type { EventCodec, Journal } from "../../actors/store/journal.ts";
import { tempDirectory } from "../_helpers.ts";

/** An event of the contract's journals. */
export interface Counted {
  readonly n: number;
  readonly text: string;
}

/** Keeps them as JSON; anything else is no event. */
export const countedCodec: EventCodec<Counted> = {
  encode: (event) => new TextEncoder().encode(JSON.stringify(event)),
  decode(bytes) {
    const value: unknown = JSON.parse(new TextDecoder().decode(bytes));
    const fields = Object.entries(typeof value === "object" && value !== null ? value : {});
    const { n, text } = Object.fromEntries(fields);
    return typeof n === "number" && typeof text === "string" ? { n, text } : undefined;
  },
};

/** A kind of journal, and how one is opened. */
export interface JournalKind {
  readonly name: string;
  open(
    path: string,
    replay: (event: Counted) => void,
    warn?: (text: string) => void,
  ): Promise<Journal<Counted>>;
}

/** What every kind of journal must do. */
export function journalContract({ name, open }: JournalKind): void {
  const replayed = async (path: string): Promise<number[]> => {
    const found: number[] = [];
    const journal = await open(path, ({ n }) => void found.push(n));
    await journal.close();
    return found;
  };
  const events = (...numbers: number[]) => numbers.map((n) => ({ n, text: `event ${n} ü\n` }));

  Deno.test(`journal, ${name}: what was committed is replayed in order, whole`, async () => {
    await using directory = await tempDirectory();
    const path = directory.file("journal");
    const given = events(...Array.from({ length: 500 }, (_, n) => n));
    const journal = await open(path, () => assert(false, "a new journal has no events"));
    for (const event of given) {
      journal.append([event]);
      if (event.n % 7 === 0) await journal.commit();
    }
    await journal.close();
    const found: Counted[] = [];
    await (await open(path, (event) => void found.push(event))).close();
    assertEquals(found, given);
  });

  Deno.test(`journal, ${name}: commits that are asked for at once keep the order of the events`, async () => {
    await using directory = await tempDirectory();
    const path = directory.file("journal");
    const journal = await open(path, () => {});
    await Promise.all(Array.from({ length: 100 }, (_, n) => {
      journal.append(events(n));
      return journal.commit();
    }));
    await journal.close();
    assertEquals(await replayed(path), Array.from({ length: 100 }, (_, n) => n));
  });

  Deno.test(`journal, ${name}: a snapshot stands for all that came before it and for nothing after`, async () => {
    await using directory = await tempDirectory();
    const path = directory.file("journal");
    const journal = await open(path, () => {});
    journal.append(events(1, 2, 3));
    const committed = journal.commit();
    journal.append(events(4));
    let isTaken = false;
    const snapshot = journal.snapshot(() => {
      isTaken = true;
      return events(100);
    });
    while (!isTaken) await new Promise((resolve) => setTimeout(resolve));
    journal.append(events(5));
    await Promise.all([committed, snapshot, journal.commit()]);
    journal.append(events(6));
    await journal.close();
    assertEquals(await replayed(path), [100, 5, 6]);
  });

  Deno.test(`journal, ${name}: a snapshot makes a journal smaller`, async () => {
    await using directory = await tempDirectory();
    const path = directory.file("journal");
    const journal = await open(path, () => {});
    for (let n = 0; n < 2000; n++) journal.append([{ n, text: "x".repeat(1000) }]);
    await journal.commit();
    const before = journal.bytes;
    assert(before > 2_000_000, `${before} bytes`);
    await journal.snapshot(() => events(1));
    assert(journal.bytes < before / 10, `${journal.bytes} bytes of ${before}`);
    await journal.close();
    assertEquals(await replayed(path), [1]);
  });

  Deno.test(`journal, ${name}: a closed one takes nothing, twice closed is fine, and one alone has it until then`, async () => {
    await using directory = await tempDirectory();
    const path = directory.file("journal");
    const journal = await open(path, () => {});
    await assertRejects(() => open(path, () => {}), Error, "another process has it");
    journal.append(events(1));
    await Promise.all([journal.close(), journal.close()]);
    await assertRejects(() => journal.commit(), Error, "it was closed");
    assertEquals(await replayed(path), [1]);
  });

  Deno.test(`journal, ${name}: a file that is something else is refused, and left as it is`, async () => {
    await using directory = await tempDirectory();
    const path = directory.file("journal");
    for (const content of ["x", "# Notes\n", "a line\n".repeat(5000)]) {
      await Deno.writeTextFile(path, content);
      await assertRejects(() => open(path, () => {}), Error, "it is not");
      assertEquals(await Deno.readTextFile(path), content);
    }
  });
}
