/**
 * The campaigns that `deno task simulate` runs: what is exported by files `*_campaign.ts`.
 *
 * @module
 */
import type { SimWorld } from "../actors/world/sim/mod.ts";
import { Failure } from "./_cli.ts";

/** One campaign: what happens in a simulated world, and must hold in it. */
export interface Campaign {
  readonly name: string;
  /** What must have occurred with one of the seeds at least: see `SimulateOptions.sometimes`. */
  readonly sometimes?: readonly string[];
  run(sim: SimWorld): Promise<void>;
}

function isCampaign(value: unknown): value is Campaign {
  return typeof value === "object" && value !== null && "name" in value && typeof value.name === "string" &&
    "run" in value && typeof value.run === "function";
}

/** The modules with campaigns in a directory, as URLs. Throws {@linkcode Failure} when there is none. */
export async function campaignFiles(directory: string): Promise<string[]> {
  const files: string[] = [];
  for await (const entry of Deno.readDir(directory)) {
    if (entry.isFile && entry.name.endsWith("_campaign.ts")) files.push(entry.name);
  }
  if (files.length === 0) throw new Failure(`Cannot simulate: no file *_campaign.ts is in ${directory}`);
  const base = new URL(`${await Deno.realPath(directory)}/`, "file:///");
  return files.sort().map((name) => new URL(name, base).href);
}

/** The campaigns of some modules. */
export async function campaignsOf(files: readonly string[]): Promise<Campaign[]> {
  const campaigns: Campaign[] = [];
  for (const file of files) {
    const module: unknown = await import(file);
    if (typeof module === "object" && module !== null) {
      campaigns.push(...Object.values(module).filter(isCampaign));
    }
  }
  return campaigns;
}
