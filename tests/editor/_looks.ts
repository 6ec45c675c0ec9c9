import type { Disk, FileInfo } from "../../actors/world/world.ts";

type Looked = FileInfo | Promise<FileInfo>;

/**
 * The disk, but each look at a path gives what `look` makes of it.
 *
 * @param look `really` looks; `isNow` where the answer is to be there at once
 */
export function withLooks(
  disk: Disk,
  look: (path: string, really: () => Looked, isNow: boolean) => Looked,
): Disk {
  return new Proxy(disk, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== "function") return value;
      if (name !== "stat" && name !== "statNow") return value.bind(target);
      return (path: string) => look(path, () => value.call(target, path), name === "statNow");
    },
  });
}

/** Does something with what a look gives, whether that is there at once or later. */
export function afterLook(info: Looked, then: (info: FileInfo) => FileInfo): Looked {
  return info instanceof Promise ? info.then(then) : then(info);
}
