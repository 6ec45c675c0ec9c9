/**
 * A node that lies: what it reads of its files is not always what is there.
 *
 * @module
 */
import type { Disk, DiskFile, OpenOptions, World } from "../../actors/world/world.ts";

function bound(target: object, key: string | symbol): unknown {
  const value: unknown = Reflect.get(target, key, target);
  return typeof value === "function" ? value.bind(target) : value;
}

/**
 * A world whose disk gives, with a probability, another bit than was written, but for the first time that a
 * place is read: files are hashed then.
 */
export function lying(world: World, probability: number): World {
  const read = new Set<string>();
  const disk: Disk = new Proxy(world.disk, {
    get: (target, key) => {
      if (key !== "open") return bound(target, key);
      return async (path: string, options?: OpenOptions) => {
        const file = await target.open(path, options);
        return lyingFile(file, (buffer, offset) => {
          const place = `${path} ${offset}`;
          if (read.has(place) && buffer.length > 0 && world.random.next() < probability) {
            const at = Math.floor(world.random.next() * buffer.length);
            buffer[at] = (buffer[at] ?? 0) ^ 1;
          }
          read.add(place);
        });
      };
    },
  });
  return { ...world, disk };
}

function lyingFile(file: DiskFile, lie: (read: Uint8Array, offset: number) => void): DiskFile {
  return new Proxy(file, {
    get: (target, key) => {
      if (key !== "read") return bound(target, key);
      return async (buffer: Uint8Array, offset: number) => {
        const count = await target.read(buffer, offset);
        lie(buffer.subarray(0, count ?? 0), offset);
        return count;
      };
    },
  });
}
