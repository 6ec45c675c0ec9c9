/**
 * How much processor time another process has used. Linux alone.
 *
 * @module
 */
import { Process } from "./_process.ts";

const SCRIPT = `
import os, sys
tick = os.sysconf("SC_CLK_TCK")
page = os.sysconf("SC_PAGE_SIZE")
for line in sys.stdin:
  what, pid = line.split()
  if what == "memory": print(int(open(f"/proc/{pid}/statm").read().split()[1]) * page, flush=True)
  else:
    fields = open(f"/proc/{pid}/stat").read().rpartition(")")[2].split()
    print((int(fields[11]) + int(fields[12])) / tick, flush=True)
`;

/** Reads what the system counts: a benchmark itself has no right to. */
export class CpuClock implements AsyncDisposable {
  readonly #process = new Process("/usr/bin/python3", ["-c", SCRIPT]);

  /** Seconds of all threads of a process, in the kernel too, to a hundredth. */
  async seconds(pid: number): Promise<number> {
    return Number(await this.#process.ask(`cpu ${pid}`));
  }

  /** Bytes of memory that a process has. */
  async memory(pid: number): Promise<number> {
    return Number(await this.#process.ask(`memory ${pid}`));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process[Symbol.asyncDispose]();
  }
}
