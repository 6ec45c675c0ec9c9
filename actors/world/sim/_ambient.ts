/** What code under simulation must not touch, because no seed determines it: members of globals, by name. */
const AMBIENT: Readonly<Record<string, readonly string[]>> = {
  globalThis: ["setTimeout", "setInterval", "setImmediate", "fetch", "WebSocket", "Worker"],
  Math: ["random"],
  performance: ["now"],
  crypto: ["getRandomValues", "randomUUID"],
  AbortSignal: ["timeout"],
};

/** Members of `Deno` that only describe or compute. */
const HARMLESS = new Set(["test", "bench", "inspect", "refTimer", "unrefTimer", "cwd", "memoryUsage"]);

function functionsOf(owner: object): string[] {
  return Object.entries(Object.getOwnPropertyDescriptors(owner))
    .filter(([name, { value }]) => typeof value === "function" && !/^[A-Z]/.test(name))
    .map(([name]) => name);
}

/**
 * Makes ambient time, chance and I/O fail until the returned function is called.
 *
 * @param touched is told what was touched, also when the code under simulation swallows the error
 */
export function trapAmbient(touched: (error: Error) => void): () => void {
  const restores: (() => void)[] = [];
  const refuse = (name: string): never => {
    const error = new Error(`Cannot use ${name} in a simulation: its World has what the seed determines`);
    touched(error);
    throw error;
  };
  const replace = (owner: object, name: string, value: unknown) => {
    const before = Object.getOwnPropertyDescriptor(owner, name);
    Object.defineProperty(owner, name, { value, configurable: true, writable: true, enumerable: false });
    restores.push(() => {
      if (before === undefined) Reflect.deleteProperty(owner, name);
      else Object.defineProperty(owner, name, before);
    });
  };
  const trap = (ownerName: string, names: (owner: object) => readonly string[]) => {
    const owner: unknown = Reflect.get(globalThis, ownerName);
    if ((typeof owner !== "object" && typeof owner !== "function") || owner === null) return;
    for (const name of names(owner)) {
      if (name in owner) replace(owner, name, () => refuse(`${ownerName}.${name}`));
    }
  };
  for (const [ownerName, names] of Object.entries(AMBIENT)) trap(ownerName, () => names);
  trap("Deno", (deno) => functionsOf(deno).filter((name) => !HARMLESS.has(name)));
  replace(
    globalThis,
    "Date",
    new Proxy(Date, {
      apply: () => refuse("Date()"),
      construct(target, args: unknown[], newTarget): object {
        if (args.length === 0) return refuse("new Date()");
        const made: unknown = Reflect.construct(target, args, newTarget);
        return made instanceof Object ? made : {};
      },
      get: (target, name, receiver): unknown =>
        name === "now" ? () => refuse("Date.now") : Reflect.get(target, name, receiver),
    }),
  );
  return () => {
    for (const restore of restores.reverse()) restore();
  };
}

/** Tells of promises that were rejected with nobody looking, until the returned function is called. */
export function watchRejections(rejected: (reason: unknown) => void): () => void {
  const listener = (event: PromiseRejectionEvent) => {
    event.preventDefault();
    rejected(event.reason);
  };
  globalThis.addEventListener("unhandledrejection", listener);
  return () => globalThis.removeEventListener("unhandledrejection", listener);
}

/** The environment variable with the one seed to run. */
export const SEED_VARIABLE = "TROUPE_SEED";

/** The one seed to run, where the environment names one and may be asked. */
export function seedOfEnvironment(): number | undefined {
  // deno-lint-ignore troupe/no-ambient -- read before a simulation, never in one
  const { env, permissions } = Deno;
  if (permissions.querySync({ name: "env", variable: SEED_VARIABLE }).state !== "granted") return undefined;
  const text = env.get(SEED_VARIABLE);
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}
