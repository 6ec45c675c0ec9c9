/**
 * A driver whose journals are written when a test says so.
 *
 * @module
 */
import type { Driver } from "../../actors/cluster/driver.ts";

/** The same driver, whose appends wait for what `gate` gives. */
export function gatedDriver(driver: Driver, gate: () => Promise<void>): Driver {
  const { records } = driver;
  return {
    ...driver,
    records: {
      maxRecordBytes: records.maxRecordBytes,
      append: (...args) => gate().then(() => records.append(...args)),
      read: (key) => records.read(key),
      tail: (key) => records.tail(key),
      trim: (...args) => records.trim(...args),
      writeSnapshot: (...args) => records.writeSnapshot(...args),
    },
  };
}
