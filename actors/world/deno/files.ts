/**
 * Deno's files.
 *
 * @module
 */
import type { Files } from "../real/files.ts";

/** The functions of the platform, asked for when they are called: elsewhere there are none. */
export const denoFiles: Files<Deno.FsFile> = {
  open: (path, options) => Deno.open(path, options),
  openSync: (path, options) => Deno.openSync(path, options),
  stat: (path) => Deno.stat(path),
  statSync: (path) => Deno.statSync(path),
  lstatSync: (path) => Deno.lstatSync(path),
  readLinkSync: (path) => Deno.readLinkSync(path),
  realPath: (path) => Deno.realPath(path),
  realPathSync: (path) => Deno.realPathSync(path),
  readDir: (path) => Deno.readDir(path),
  mkdir: (path, options) => Deno.mkdir(path, options),
  rename: (from, to) => Deno.rename(from, to),
  renameSync: (from, to) => Deno.renameSync(from, to),
  remove: (path) => Deno.remove(path),
  removeSync: (path) => Deno.removeSync(path),
  chownSync: (path, uid, gid) => Deno.chownSync(path, uid, gid),
  chmodSync: (path, mode) => Deno.chmodSync(path, mode),
};
