/**
 * Where a service keeps what it must not lose.
 *
 * @module
 */
import type { World } from "../actors/world/world.ts";
import { type Flag, path } from "./_flags.ts";
import type { Rights } from "./_command_line.ts";

/**
 * The rights of a service that keeps files: its data directory, which is the one it runs in unless
 * `--data-dir` says so.
 */
export const DATA_RIGHTS: Rights = { read: ["."], write: ["."] };

/** The flag of a service that keeps files. */
export type DataFlags = { readonly dataDir: Flag<string> };

/** `--data-dir`. */
export function dataFlags(): DataFlags {
  return {
    dataDir: path({
      help: "Folder of what the service keeps, made when it is not there; relative names are below it",
      value: "DIR",
      default: ".",
    }),
  };
}

/** Where a file of that name is: an absolute path as it is, any other below the data directory. */
export function inDataDir({ dataDir }: { readonly dataDir: string }, name: string): string {
  if (dataDir === "." || /^(\/|[A-Za-z]:[\\/])/.test(name)) return name;
  return name === "." ? dataDir : `${dataDir.replace(/(?<=.)\/+$/, "")}/${name.replace(/^\.\//, "")}`;
}

/** Makes the data directory, if it is not there. Throws the `WorldError` of the disk. */
export async function makeDataDir({ dataDir }: { readonly dataDir: string }, world: World): Promise<void> {
  if (dataDir !== ".") await world.disk.makeDirectory(dataDir, { recursive: true });
}
