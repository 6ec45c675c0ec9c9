/// <reference lib="dom" />
/** Numbers and times as people read them. */

const WHOLE = new Intl.NumberFormat(undefined, { maximumFractionDigits: 0 });

/** A whole number. */
export function whole(value: number): string {
  return WHOLE.format(value);
}

/** A number with a letter for thousands and millions. */
export function short(value: number): string {
  for (const [least, letter] of [[1e9, "G"], [1e6, "M"], [1e4, "k"]] as const) {
    if (value < least) continue;
    const scale = letter === "k" ? 1e3 : least;
    return `${(value / scale).toFixed(value / scale < 100 ? 1 : 0)} ${letter}`;
  }
  return value >= 10 || Number.isInteger(value) ? WHOLE.format(value) : value.toFixed(1);
}

/** Bytes. */
export function bytes(value: number): string {
  if (value < 1000) return `${whole(value)} B`;
  if (value < 1e6) return `${(value / 1e3).toFixed(0)} kB`;
  return value < 1e9 ? `${(value / 1e6).toFixed(value < 1e8 ? 1 : 0)} MB` : `${(value / 1e9).toFixed(2)} GB`;
}

/** Milliseconds. */
export function duration(ms: number): string {
  if (ms === 0) return "0";
  if (ms < 0.001) return "< 1 µs";
  if (ms < 1) return `${(ms * 1000).toFixed(ms < 0.1 ? 1 : 0)} µs`;
  return ms < 1000 ? `${ms.toFixed(ms < 10 ? 1 : 0)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

/** The time of day of a second since 1970. */
export function timeOfDay(seconds: number): string {
  const at = new Date(seconds * 1000);
  return [at.getHours(), at.getMinutes(), at.getSeconds()].map((part) => String(part).padStart(2, "0")).join(
    ":",
  );
}

/** A moment: the time of day, or in a replay the virtual seconds since its beginning. */
export function moment(ms: number, isReplay: boolean): string {
  if (isReplay) return `${(ms / 1000).toFixed(3)} s`;
  return `${timeOfDay(ms / 1000)}.${String(Math.floor(ms) % 1000).padStart(3, "0")}`;
}
