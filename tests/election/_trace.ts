/** Reads and judges the traces that nodes write with `--trace`. */

/** One transition. */
export interface TraceEntry {
  readonly time: string;
  readonly node: number;
  readonly term: number;
  readonly from: string;
  readonly to: string;
  readonly leader: number;
  readonly why: string;
}

/** The transitions of a trace file. Throws on a line that is none. */
export function parseTrace(text: string): TraceEntry[] {
  return text.split("\n").filter((line) => line !== "").map((line) => {
    const value: unknown = JSON.parse(line);
    if (!isEntry(value)) throw new TypeError(`Cannot read a transition: ${line}`);
    return value;
  });
}

/**
 * What the traces of some nodes have against the promises, in words; nothing when they keep them.
 *
 * Each trace is one node's, in its own order; nothing is assumed about the order between nodes.
 */
export function traceViolations(traces: readonly (readonly TraceEntry[])[]): string[] {
  const violations: string[] = [];
  const leaderOf = new Map<number, number>();
  for (const trace of traces) {
    let last: TraceEntry | undefined;
    for (const entry of trace) {
      const { node, term, to, leader } = entry;
      if (last !== undefined) {
        if (node !== last.node) {
          violations.push(`a trace of node ${last.node} holds an entry of node ${node}`);
        }
        // A node whose memory was lost says so, and begins anew.
        const forgot = entry.from === "forgotten";
        if (term < last.term && !forgot) {
          violations.push(`node ${node} went from term ${last.term} back to ${term}`);
        }
        if (!forgot && entry.from !== "starting" && entry.from !== last.to) {
          violations.push(`node ${node} left ${entry.from} in term ${term}, but was ${last.to}`);
        }
      }
      last = entry;
      if (to === "leader" && leader !== node) {
        violations.push(`node ${node} leads term ${term} but names ${leader}`);
      }
      if ((to === "looking" || to === "candidate") !== (leader === 0)) {
        violations.push(`node ${node} is ${to} in term ${term} with leader ${leader}`);
      }
      if (to !== "leader" && to !== "follower") continue;
      const known = leaderOf.get(term);
      if (known !== undefined && known !== leader) {
        violations.push(`two leaders in term ${term}: ${known} and ${leader}`);
      }
      leaderOf.set(term, leader);
    }
  }
  return violations;
}

function isEntry(value: unknown): value is TraceEntry {
  if (typeof value !== "object" || value === null) return false;
  const fields = new Map<string, unknown>(Object.entries(value));
  return ["time", "from", "to", "why"].every((name) => typeof fields.get(name) === "string") &&
    ["node", "term", "leader"].every((name) => Number.isInteger(fields.get(name)));
}
