/**
 * Erlang, where `erl` is (Debian: erlang-base).
 *
 * @module
 */
import { root } from "../_helpers.ts";

/** One scheduler that does not spin: spinning would count as processor time. */
export const ERLANG_FLAGS: readonly string[] = [
  ...["+S", "1:1", "+sbwt", "none", "+sbwtdcpu", "none", "+sbwtdio", "none", "+K", "true", "-noshell"],
];

/** The modules of `peers/erlang/`. */
type Module = "bench" | "echo" | "fan_out";

/**
 * Compiles modules of `peers/erlang/`; gives the directory of what they became.
 *
 * @throws {Deno.errors.NotFound} where Erlang is not on this machine.
 */
export async function compileErlang(...modules: readonly Module[]): Promise<string> {
  const directory = `${root}.tmp/peers`;
  await Deno.mkdir(directory, { recursive: true });
  const args = ["-o", directory, ...modules.map((name) => `${root}tests/bench/peers/erlang/${name}.erl`)];
  const { success } = await new Deno.Command("erlc", { args }).output();
  if (!success) throw new Error(`Cannot compile ${modules}`);
  return directory;
}

/** `Erlang/OTP 25`. */
export async function erlangName(): Promise<string> {
  return `Erlang/OTP ${await evaluate("erlang:system_info(otp_release)")}`;
}

/** Whether a module is installed: Debian has parts of Erlang in packages of their own. */
export async function hasErlangModule(module: string): Promise<boolean> {
  return await evaluate(`code:which(${module})`) !== "non_existing";
}

async function evaluate(expression: string): Promise<string> {
  const args = ["-noshell", "-eval", `io:format("~s", [${expression}]), halt().`];
  const { stdout } = await new Deno.Command("erl", { args }).output();
  return new TextDecoder().decode(stdout);
}
