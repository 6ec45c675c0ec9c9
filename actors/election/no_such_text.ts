/**
 * What stands where a small text should, and cannot be one.
 *
 * @module
 */
import { dirname, type Disk, type WorldError, type WorldErrorKind } from "../world/world.ts";

const KINDS: readonly WorldErrorKind[] = ["too-large", "not-a-file"];

/** The machine's own: `--memory /dev/null` must not rename it. */
const DEVICES = /^\/(dev|proc|sys)(\/|$)/;

/** Whether a text could not be read because of what stands in its place: another try finds the same. */
export function isNoSuchText({ kind }: WorldError): boolean {
  return KINDS.includes(kind);
}

/** Whether what stands there may be given another name. */
export async function mayBeRenamed(disk: Disk, path: string): Promise<boolean> {
  return !DEVICES.test(await disk.realPath(dirname(path)));
}
