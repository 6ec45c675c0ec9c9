/**
 * What a log file has, for tests.
 *
 * @module
 */
import { LogFile } from "../../actors/store/log_file.ts";
import { MemoryDisk } from "./_memory_disk.ts";

export const text = { form: "text" } as const;

export async function records(memory: MemoryDisk, form: "text" | "framed"): Promise<string[]> {
  const found: string[] = [];
  const log = await LogFile.open(memory.disk, "log", {
    form,
    replay: (record) => found.push(new TextDecoder().decode(record)),
  });
  await log.close();
  return found;
}
