/**
 * How aria2c is kept on this machine.
 *
 * @module
 */

/** Flags: no settings of its user's, no other ways to peers than the tracker, files as they grow. */
export const ARIA2_FLAGS: readonly string[] = [
  "--no-conf",
  "--enable-dht=false",
  "--enable-dht6=false",
  "--bt-enable-lpd=false",
  "--enable-peer-exchange=false",
  "--summary-interval=0",
  "--file-allocation=none",
];
