/**
 * What the process has around it, whatever runs it.
 *
 * @module
 */
import process from "node:process";

/** A variable of the environment; undefined where it is not set, or may not be read. */
export function environmentVariable(variable: string): string | undefined {
  if (!("Deno" in globalThis)) return process.env[variable];
  const { state } = Deno.permissions.querySync({ name: "env", variable });
  return state === "granted" ? Deno.env.get(variable) : undefined;
}

/** Tells of promises that were rejected with nobody looking, until the returned function is called. */
export function onUnhandledRejection(rejected: (reason: unknown) => void): () => void {
  if (!("Deno" in globalThis)) {
    process.on("unhandledRejection", rejected);
    return () => process.off("unhandledRejection", rejected);
  }
  const listener = (event: PromiseRejectionEvent) => {
    event.preventDefault();
    rejected(event.reason);
  };
  globalThis.addEventListener("unhandledrejection", listener);
  return () => globalThis.removeEventListener("unhandledrejection", listener);
}
