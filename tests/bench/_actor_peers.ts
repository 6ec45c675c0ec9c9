/**
 * Other people's actors, each in a process of its own: those of `peers/`, and Erlang's processes.
 *
 * @module
 */
import { installPeers } from "../_peers.ts";
import { versionOf } from "./_server_peers.ts";
import { compileErlang, ERLANG_FLAGS, erlangName } from "./_erlang.ts";
import { leaveOut } from "./_left_out.ts";
import { Process } from "./_process.ts";

/** How messages are passed; see `_runtime_shapes.ts`. */
export type ActorShape =
  | "ping-pong"
  | "many to one"
  | "ring"
  | "random"
  | "ask"
  | "ask in turn"
  | "spawn"
  | "bytes"
  | "restart"
  | "priority";

/** Ready to measure a shape: each line of its input is answered with a figure. */
export interface ActorPeer {
  /** With its version. */
  readonly name: string;
  readonly process: Process;
}

/** How much of the work each gets: as rates are compared, the slow ones need not take minutes. */
const SHARES: Readonly<Record<string, number>> = {
  xstate: 1 / 4,
  comedy: 1 / 15,
  nact: 1 / 30,
  effect: 1 / 60,
};
/** Those that have a shape that not all have. */
const ONLY: Readonly<Partial<Record<ActorShape, readonly string[]>>> = {
  // XState has no supervision, and comedy starts processes again, not actors in memory.
  restart: ["nact", "effect"],
  // Nobody's mailbox has a lane; in Erlang a receive of its own looks for what is urgent.
  priority: [],
};
/** So many at least: a shape needs some to fill its actors. */
const MIN_SIZE = 2000;
/** XState delivers within the sender's call: in a ring, a thousand calls deep. */
const STACK_KIB = 4000;

/** On Node, where its users run it, or on Deno: whichever of them is faster in one round of the shape. */
async function npmPeer(directory: string, name: string, shape: ActorShape, size: number): Promise<ActorPeer> {
  const manifest: { version: string } = JSON.parse(
    await Deno.readTextFile(`${directory}/node_modules/${name}/package.json`),
  );
  const much = Math.max(MIN_SIZE, size * (SHARES[name] ?? 1));
  const args = [`${directory}/${name}.mjs`, shape, String(much)];
  const flags = ["--expose-gc", `--stack-size=${STACK_KIB}`];
  const options = { cwd: directory };
  const onNode = () => new Process("node", [...flags, ...args], options);
  const onDeno = () =>
    new Process(Deno.execPath(), ["run", "-q", "-A", `--v8-flags=${flags}`, ...args], options);
  const process = await better(await hasNode() ? [onNode, onDeno] : [onDeno], shape);
  return { name: `${name} ${manifest.version}`, process };
}

async function hasNode(): Promise<boolean> {
  try {
    return await versionOf("node") !== "";
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** Starts them, each when the one before has had its round, and ends those that are worse. */
async function better(starts: readonly (() => Process)[], shape: ActorShape): Promise<Process> {
  let best: { readonly process: Process; readonly figure: number } | undefined;
  for (const start of starts) {
    const process = start();
    await process.next();
    const figure = Number(await process.ask("round"));
    const isBest = best === undefined || (shape === "bytes" ? figure < best.figure : figure > best.figure);
    await (isBest ? best?.process : process)?.[Symbol.asyncDispose]();
    if (isBest) best = { process, figure };
  }
  if (best === undefined) throw new Error("Cannot measure: a peer has nothing to run on");
  return best.process;
}

async function erlangPeer(shape: ActorShape, size: number): Promise<ActorPeer | undefined> {
  try {
    const directory = await compileErlang("bench");
    const much = String(Math.ceil(Math.max(MIN_SIZE, size)));
    const run = [...ERLANG_FLAGS, "-pa", directory, "-run", "bench", "main", shape, much];
    const process = new Process("erl", run);
    await process.next();
    return { name: await erlangName(), process };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return leaveOut("Erlang (erlang-base)");
    throw error;
  }
}

/** Those that are on this machine, warm. The others are named, once. */
export async function actorPeers(shape: ActorShape, size: number): Promise<ActorPeer[]> {
  const names = ONLY[shape] ?? Object.keys(SHARES);
  const directory = names.length === 0 ? undefined : await installPeers();
  if (names.length > 0 && directory === undefined) leaveOut("nact, xstate, effect, comedy (npm)");
  const peers: ActorPeer[] = [];
  // One after the other, each alone.
  const erlang = await erlangPeer(shape, size);
  if (erlang !== undefined) peers.push(erlang);
  if (directory !== undefined) {
    for (const name of names) peers.push(await npmPeer(directory, name, shape, size));
  }
  return peers;
}
