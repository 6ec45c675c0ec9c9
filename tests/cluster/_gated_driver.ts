/**
 * A driver whose journals are written when a test says so.
 *
 * @module
 */
import type { Driver } from "../../actors/cluster/driver.ts";

const OPEN = () => Promise.resolve();

/** The same driver, whose appends wait for what `gate` gives, and snapshots for what `snapshotGate` does. */
export function gatedDriver(
  driver: Driver,
  gate: () => Promise<void>,
  snapshotGate: () => Promise<void> = OPEN,
): Driver {
  const { records } = driver;
  return {
    ...driver,
    records: {
      maxRecordBytes: records.maxRecordBytes,
      append: (...args) => gate().then(() => records.append(...args)),
      read: (key) => records.read(key),
      tail: (key) => records.tail(key),
      trim: (...args) => records.trim(...args),
      writeSnapshot: (...args) => snapshotGate().then(() => records.writeSnapshot(...args)),
    },
  };
}
