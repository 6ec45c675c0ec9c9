/**
 * An engine whose answers get lost.
 *
 * @module
 */
import { type Driver, OutcomeUnknown } from "../../../actors/cluster/mod.ts";

/** A driver that does what it is told, and does not tell of it: the answer to the next write is lost. */
export function losingAnswers(driver: Driver): Driver & { loseNext: boolean } {
  const losing = {
    ...driver,
    loseNext: false,
    records: {
      maxRecordBytes: driver.records.maxRecordBytes,
      read: (key: string) => driver.records.read(key),
      tail: (key: string) => driver.records.tail(key),
      trim: (key: string, seq: number) => driver.records.trim(key, seq),
      writeSnapshot: (...args: Parameters<Driver["records"]["writeSnapshot"]>) =>
        driver.records.writeSnapshot(...args),
      async append(key: string, tail: number, body: string): Promise<number> {
        const seq = await driver.records.append(key, tail, body);
        if (!losing.loseNext) return seq;
        losing.loseNext = false;
        throw new OutcomeUnknown(key);
      },
    },
  };
  return losing;
}
