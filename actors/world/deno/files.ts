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
  watch(directory, changed, failed) {
    let watcher: Deno.FsWatcher;
    let isOpen = true;
    try {
      watcher = Deno.watchFs(directory, { recursive: false });
    } catch (error) {
      queueMicrotask(() => {
        if (isOpen) failed(error);
      });
      return { cancel: () => isOpen = false };
    }
    (async () => {
      try {
        for await (const event of watcher) {
          // Being read is no change; answering it with a look would go on for ever.
          if (isOpen && event.kind !== "access") changed();
        }
      } catch (error) {
        if (isOpen) failed(error);
      }
    })();
    return {
      cancel() {
        if (!isOpen) return;
        isOpen = false;
        watcher.close();
      },
    };
  },
};
