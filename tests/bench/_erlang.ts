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

/**
 * Compiles a module of `peers/erlang/`; gives the directory of what it became.
 *
 * @throws {Deno.errors.NotFound} where Erlang is not on this machine.
 */
export async function compileErlang(module: "bench" | "echo"): Promise<string> {
  const directory = `${root}.tmp/peers`;
  await Deno.mkdir(directory, { recursive: true });
  const args = ["-o", directory, `${root}tests/bench/peers/erlang/${module}.erl`];
  const { success } = await new Deno.Command("erlc", { args }).output();
  if (!success) throw new Error(`Cannot compile ${module}.erl`);
  return directory;
}

/** `Erlang/OTP 25`. */
export async function erlangName(): Promise<string> {
  const args = ["-noshell", "-eval", 'io:format("~s", [erlang:system_info(otp_release)]), halt().'];
  const { stdout } = await new Deno.Command("erl", { args }).output();
  return `Erlang/OTP ${new TextDecoder().decode(stdout)}`;
}
