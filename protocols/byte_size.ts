/**
 * Numbers of bytes as people read them.
 *
 * @module
 */

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB"] as const;

/**
 * A number of bytes in the largest binary unit (IEC 80000-13) that leaves at least 1, with one digit after
 * the point: `12.3 MiB`.
 *
 * @example
 * ```ts
 * import { formatByteSize } from "@troupe/actors/protocols/byte-size";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals([formatByteSize(999), formatByteSize(1536)], ["999 B", "1.5 KiB"]);
 * ```
 */
export function formatByteSize(bytes: number): string {
  let unit = 0;
  let value = bytes;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 ? Math.round(value) : value.toFixed(1)} ${UNITS[unit]}`;
}
