/**
 * Who imports whom: no file reaches itself by its imports, those of types alone included.
 *
 * @module
 */

/** The imports of each file, by paths within the repository. */
export type Imports = ReadonlyMap<string, readonly string[]>;

/** A statement that imports another file, or exports what that has. */
const IMPORT = /^(?:import|export)\s+(?:[^;"]*?\s+from\s+)?"(\.[^"]+)"/gm;

/** The imports of one file, types too. What is loaded when a function runs is none. */
export function importsOf(path: string, text: string): string[] {
  return [...text.matchAll(IMPORT)].map(([, specifier = ""]) =>
    decodeURIComponent(new URL(specifier, `file:///${path}`).pathname.slice(1))
  );
}

/** Files that reach themselves by their imports, each with the way: `a.ts → b.ts → a.ts`. */
export function cyclesOf(imports: Imports): string[] {
  const done = new Set<string>();
  const way: string[] = [];
  const found: string[] = [];
  const visit = (path: string) => {
    const at = way.indexOf(path);
    if (at >= 0) found.push([...way.slice(at), path].join(" → "));
    if (at >= 0 || done.has(path)) return;
    way.push(path);
    for (const next of imports.get(path) ?? []) visit(next);
    way.pop();
    done.add(path);
  };
  for (const path of imports.keys()) visit(path);
  return found;
}

/** The same of rooms, where `roomOf` says in which a file stands. */
export function roomsOf(imports: Imports, roomOf: (path: string) => string): Imports {
  const rooms = new Map<string, string[]>();
  for (const [path, imported] of imports) {
    const room = roomOf(path);
    const others = imported.map(roomOf).filter((other) => other !== room);
    rooms.set(room, [...rooms.get(room) ?? [], ...others]);
  }
  return rooms;
}
