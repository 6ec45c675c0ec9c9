/**
 * Traps for ambient time, chance and I/O: whatever no seed determines fails while a simulation runs.
 *
 * They are set when this module is loaded, and let everything through until {@linkcode trapAmbient} arms
 * them. So what code has taken out of a global before a run (`const { now } = Date`) is caught too, unless it
 * was loaded before this module. Out of reach are named imports of `node:` modules, which the lint rule
 * `no-ambient` sees, `import()`, and what cannot be replaced: `process.pid`, `execPath` and `title`.
 *
 * @module
 */

// deno-lint-ignore-file troupe/no-ambient -- this is where what is ambient is kept out

import { environmentVariable } from "../real/environment.ts";

/** Members of globals, by name: functions and classes that are not to be called, objects not to be used. */
const MEMBERS: Readonly<Record<string, readonly string[]>> = {
  globalThis: [
    ...["setTimeout", "setInterval", "setImmediate", "fetch", "WebSocket", "WebSocketStream", "Worker"],
    ...["WebTransport", "EventSource", "BroadcastChannel", "MessageChannel", "FinalizationRegistry"],
    ...["WeakRef", "Date", "localStorage", "sessionStorage", "caches", "navigator", "alert", "confirm"],
    ...["prompt", "close", "createImageBitmap", "FileReader", "PerformanceMark", "PerformanceObserver"],
  ],
  Math: ["random"],
  performance: ["now", "mark", "measure", "timeOrigin", "getEntries", "toJSON"],
  crypto: ["getRandomValues", "randomUUID"],
  "crypto.subtle": [
    ...["decrypt", "deriveBits", "deriveKey", "digest", "encrypt", "exportKey", "generateKey", "importKey"],
    ...["sign", "unwrapKey", "verify", "wrapKey"],
  ],
  AbortSignal: ["timeout"],
  "Blob.prototype": ["text", "arrayBuffer", "bytes", "stream"],
  WebAssembly: ["compile", "compileStreaming", "instantiate", "instantiateStreaming"],
  URL: ["createObjectURL"],
  Atomics: ["wait", "waitAsync"],
  "Temporal.Now": [
    "instant",
    "timeZoneId",
    "zonedDateTimeISO",
    "plainDateTimeISO",
    "plainDateISO",
    "plainTimeISO",
  ],
  process: [
    ...["hrtime", "uptime", "cpuUsage", "threadCpuUsage", "memoryUsage", "resourceUsage", "report"],
    ...["constrainedMemory", "availableMemory", "getActiveResourcesInfo", "kill", "exit", "abort", "chdir"],
    ...["umask", "loadEnvFile", "dlopen", "getuid", "geteuid", "getgid", "getegid", "getgroups"],
    ...["env", "pid", "ppid", "stdin", "stdout", "stderr", "argv", "execArgv"],
  ],
  "Date.prototype": [
    ...["getFullYear", "getMonth", "getDate", "getDay", "getHours", "getMinutes", "getSeconds", "getYear"],
    ...["setFullYear", "setMonth", "setDate", "setHours", "setMinutes", "setSeconds", "setYear"],
    ...["getTimezoneOffset", "toString", "toDateString", "toTimeString"],
    ...["toLocaleString", "toLocaleDateString", "toLocaleTimeString"],
  ],
};

/** Members of `Deno` that only describe or compute, or belong to those who run the tests. */
const HARMLESS: ReadonlySet<string> = new Set([
  ...["internal", "test", "bench", "lint", "inspect", "errors", "SeekMode", "build", "version", "noColor"],
  ...["refTimer", "unrefTimer", "cwd", "jupyter", "telemetry", "exitCode", "permissions"],
]);

/**
 * Modules whose every function and class reaches the outside; they are caught where they are used through
 * their default export.
 */
const NODE_MODULES: readonly string[] = [
  ...["fs", "fs/promises", "net", "dgram", "dns", "dns/promises", "tls", "http", "https", "http2", "os"],
  ...["child_process", "worker_threads", "timers", "timers/promises", "cluster", "perf_hooks"],
  ...["inspector", "readline", "readline/promises", "sqlite", "tty", "vm"],
];
/** Members of those that are only tables, or modules that have their own place in the list. */
const LET_THROUGH: ReadonlySet<string> = new Set([
  ...["constants", "METHODS", "STATUS_CODES", "default", "promises"],
]);
/** Those of other modules that are left to chance, a thread or the machine; the others are pure. */
const NODE_MEMBERS: Readonly<Record<string, RegExp>> = {
  crypto:
    /^(random|getRandom|generate|createECDH|createDiffieHellman|ECDH|DiffieHellman|checkPrime$)|^(pbkdf2|scrypt|hkdf)$/,
  v8: /heap/i,
};

/** Refuses the use of what is named; undefined while nothing is to be refused. */
let refuse: ((name: string) => never) | undefined;

function isObject(value: unknown): value is object {
  return (typeof value === "object" && value !== null) || typeof value === "function";
}

/** A function or class whose arguments are looked at before it is called, or made by `new`. */
function checked<F extends CallableFunction | NewableFunction>(
  real: F,
  check: (args: readonly unknown[], isNew: boolean) => void,
): F {
  return new Proxy(real, {
    apply: (target, self, args): unknown => (check(args, false), Reflect.apply(target, self, args)),
    construct(target, args, newTarget): object {
      check(args, true);
      const made: unknown = Reflect.construct(target, args, newTarget);
      return isObject(made) ? made : {};
    },
  });
}

/**
 * A function, class or object that is refused, as a whole or by any of its members, while the traps are
 * armed.
 */
function guarded(name: string, value: unknown): unknown {
  if (typeof value === "function") {
    const refusing = checked(value, (_, isNew) => refuse?.(isNew ? `new ${name}()` : name));
    return new Proxy(refusing, {
      get(target, key): unknown {
        // `util.promisify` takes another function from there.
        if (typeof key === "symbol" && Object.hasOwn(target, key)) refuse?.(`${name}.${String(key)}`);
        return Reflect.get(target, key);
      },
    });
  }
  return isObject(value) ? guardedObject(name, value) : value;
}

function guardedObject(name: string, object: object): object {
  const touch = (key: PropertyKey) => refuse?.(`${name}.${String(key)}`);
  return new Proxy(object, {
    get(target, key): unknown {
      touch(key);
      const member: unknown = Reflect.get(target, key, target);
      return typeof member === "function" ? member.bind(target) : member;
    },
    set: (target, key, value): boolean => (touch(key), Reflect.set(target, key, value)),
    has: (target, key): boolean => (touch(key), Reflect.has(target, key)),
    deleteProperty: (target, key): boolean => (touch(key), Reflect.deleteProperty(target, key)),
    ownKeys: (target) => (refuse?.(name), Reflect.ownKeys(target)),
    getOwnPropertyDescriptor: (target, key) => (touch(key), Reflect.getOwnPropertyDescriptor(target, key)),
    defineProperty: (target, key, how): boolean => (touch(key), Reflect.defineProperty(target, key, how)),
  });
}

/** Sets a trap on a property, whether it has a value or is made when first read. */
function trap(owner: object, ownerName: string, key: string): void {
  const before = Object.getOwnPropertyDescriptor(owner, key);
  if (before === undefined || !before.configurable) return;
  const name = ownerName === "globalThis" ? key : `${ownerName}.${key}`;
  const { enumerable = false } = before;
  if (typeof before.value === "function") {
    Object.defineProperty(owner, key, { ...before, value: guarded(name, before.value) });
    return;
  }
  let value: unknown;
  let isMade = false;
  Object.defineProperty(owner, key, {
    configurable: true,
    enumerable,
    get(this: unknown): unknown {
      const current: unknown = isMade
        ? value
        : before.get === undefined
        ? before.value
        : Reflect.apply(before.get, this, []);
      if (!isObject(current)) {
        refuse?.(name);
        return current;
      }
      // One and the same at each reading, as it was before.
      if (!isMade) value = guarded(name, current);
      isMade = true;
      return value;
    },
    set(next: unknown) {
      value = next;
      isMade = true;
    },
  });
}

function globalOf(path: string): unknown {
  return path.split(".").reduce<unknown>(
    (owner, name) => isObject(owner) && name !== "globalThis" ? Reflect.get(owner, name) : owner,
    globalThis,
  );
}

/** The object of the prototype chain that has a property of its own by this name. */
function ownerOf(object: unknown, key: string): object | undefined {
  for (let owner = object; isObject(owner); owner = Object.getPrototypeOf(owner)) {
    if (Object.hasOwn(owner, key)) return owner;
  }
  return undefined;
}

function trapMembers(ownerName: string, keys: readonly string[]): void {
  const object = globalOf(ownerName);
  for (const key of keys) {
    const owner = ownerOf(object, key);
    if (owner !== undefined) trap(owner, ownerName, key);
  }
}

/**
 * A text that says a moment without the zone of the machine: a day, or a time with its zone. What stands in
 * brackets says nothing.
 */
const ABSOLUTE =
  /^(?:[+-]\d{6}|\d{4})(?:-\d\d(?:-\d\d)?)?$|^[^(]*[Tt ][^(]*(?:[Zz]|[+-]\d\d:?\d\d)$|^[^(]*\b(?:GMT|UTC)/;

function refuseLocalText(args: readonly unknown[], name: string): void {
  if (args.length > 1) refuse?.(`${name} of local time`);
  const [given] = args;
  const value: unknown = isObject(given) && !(given instanceof Date) ? given.valueOf() : given;
  const text = isObject(value) && !(value instanceof Date) ? String(value) : value;
  if (typeof text === "string" && !ABSOLUTE.test(text)) refuse?.(`${name} of local time`);
}

/** Dates that say which moment they are of are pure. */
function trapDate(): void {
  const real = Date;
  const guardedDate = checked(real, (args, isNew) => {
    if (!isNew) refuse?.("Date()");
    if (args.length === 0) refuse?.("new Date()");
    refuseLocalText(args, "new Date()");
  });
  Object.defineProperty(globalThis, "Date", { value: guardedDate, configurable: true, writable: true });
  trap(real, "Date", "now");
  const parse = real.parse;
  real.parse = (text: string) => (refuseLocalText([text], "Date.parse"), parse(text));
  // `new date.constructor()` leads there too.
  real.prototype.constructor = guardedDate;
}

/** A file without a time has that of its making. */
function trapFile(): void {
  if (typeof File !== "function") return;
  const guardedFile = checked(File, ([, , options]) => {
    if (!isObject(options) || Reflect.get(options, "lastModified") === undefined) refuse?.("new File()");
  });
  const buffer: unknown = getBuiltin("buffer");
  for (const owner of isObject(buffer) ? [globalThis, buffer] : [globalThis]) {
    Object.defineProperty(owner, "File", { value: guardedFile, configurable: true, writable: true });
  }
}

/**
 * What depends on the language or the zone of the machine unless it is told which; and what formats the
 * present.
 */
function trapIntl(): void {
  const { DateTimeFormat } = Intl;
  for (const name of Object.getOwnPropertyNames(Intl)) {
    const real: unknown = Reflect.get(Intl, name);
    // Locale cannot be made without a language.
    if (typeof real !== "function" || !/^[A-Z]/.test(name) || name === "Locale") continue;
    const replacement = checked(real, ([locales, options]) => {
      const hasZone = isObject(options) && Reflect.get(options, "timeZone") !== undefined;
      if (isMissing(locales) || (name === "DateTimeFormat" && !hasZone)) refuse?.(`Intl.${name}`);
    });
    Object.defineProperty(Intl, name, { value: replacement, configurable: true, writable: true });
    // What is made leads there too.
    if (isObject(real.prototype)) Reflect.set(real.prototype, "constructor", replacement);
  }
  refuseWithout(DateTimeFormat.prototype, "formatToParts", "Intl.DateTimeFormat.formatToParts()", 1);
  const format = Object.getOwnPropertyDescriptor(DateTimeFormat.prototype, "format");
  if (format?.get === undefined) return;
  const { get } = format;
  Object.defineProperty(DateTimeFormat.prototype, "format", {
    ...format,
    get(this: unknown): unknown {
      const bound: unknown = Reflect.apply(get, this, []);
      if (typeof bound !== "function") return bound;
      return (...args: unknown[]): unknown => {
        if (args[0] === undefined) refuse?.("Intl.DateTimeFormat.format()");
        return Reflect.apply(bound, undefined, args);
      };
    },
  });
}

/** No languages are those of the machine. */
function isMissing(argument: unknown): boolean {
  return argument === undefined || (Array.isArray(argument) && argument.length === 0);
}

/** Refuses a method that is called with fewer arguments than make it pure. */
function refuseWithout(owner: object, key: string, name: string, needed: number): void {
  const real: unknown = Reflect.get(owner, key);
  if (typeof real !== "function") return;
  Object.defineProperty(owner, key, {
    configurable: true,
    writable: true,
    enumerable: false,
    value(this: unknown, ...args: unknown[]): unknown {
      if (isMissing(args[needed - 1])) refuse?.(name);
      return Reflect.apply(real, this, args);
    },
  });
}

/** A `node:` module; undefined where the runtime has none of that name. */
function getBuiltin(name: string): unknown {
  const process: unknown = Reflect.get(globalThis, "process");
  const get: unknown = isObject(process) ? Reflect.get(process, "getBuiltinModule") : undefined;
  return typeof get === "function" ? Reflect.apply(get, process, [`node:${name}`]) : undefined;
}

function trapNodeModules(): void {
  for (const name of [...NODE_MODULES, ...Object.keys(NODE_MEMBERS)]) {
    const module = getBuiltin(name);
    if (!isObject(module)) continue;
    const named = NODE_MEMBERS[name];
    for (const key of membersOf(module)) {
      if (named === undefined || named.test(key)) trap(module, `node:${name}`, key);
    }
  }
}

/** Functions, classes and objects. */
function membersOf(owner: object): string[] {
  return Object.entries(Object.getOwnPropertyDescriptors(owner))
    .filter(([key, { value }]) => isObject(value) && !LET_THROUGH.has(key))
    .map(([key]) => key);
}

// First: loading one of them sets globals anew.
trapNodeModules();
for (const [ownerName, keys] of Object.entries(MEMBERS)) {
  trapMembers(ownerName, keys.filter((key) => key !== "Date"));
}
trapDate();
trapIntl();
refuseWithout(String.prototype, "localeCompare", "localeCompare without a locale", 2);
for (const key of ["toLocaleUpperCase", "toLocaleLowerCase"]) {
  refuseWithout(String.prototype, key, `${key} without a locale`, 1);
}
trapFile();
// Not every runtime has it yet.
const temporal = Object.values(Object.getOwnPropertyDescriptors(globalOf("Temporal") ?? {})).flatMap((
  { value },
) => typeof value === "function" && isObject(value.prototype) ? [value.prototype] : []);
for (const owner of [Number.prototype, BigInt.prototype, ...temporal]) {
  refuseWithout(owner, "toLocaleString", "toLocaleString without a locale", 1);
}
if (typeof Deno === "object") {
  for (const key of Object.getOwnPropertyNames(Deno)) if (!HARMLESS.has(key)) trap(Deno, "Deno", key);
}

/**
 * Makes ambient time, chance and I/O fail until the returned function is called.
 *
 * @param touched is told what was touched, also when the code under simulation swallows the error
 */
export function trapAmbient(touched: (error: Error) => void): () => void {
  const before = refuse;
  refuse = (name) => {
    const error = new Error(`Cannot use ${name} in a simulation: its World has what the seed determines`);
    touched(error);
    throw error;
  };
  return () => {
    refuse = before;
  };
}

/** The environment variable with the one seed to run. */
export const SEED_VARIABLE = "TROUPE_SEED";

/** The one seed to run, where the environment names one and may be asked. */
export function seedOfEnvironment(): number | undefined {
  const text = environmentVariable(SEED_VARIABLE);
  if (text === undefined || text === "") return undefined;
  // A seed that is passed over in silence would look like a failure that is gone.
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(Number(text))) {
    throw new RangeError(`Cannot run ${SEED_VARIABLE}=${JSON.stringify(text)}: a seed is a whole number`);
  }
  return Number(text);
}
