/**
 * Threads of Deno: workers of the module type.
 *
 * @module
 */
import type { StartThreadOptions, Thread, ThreadPort, ThreadRight, Threads } from "../threads.ts";

/** How a worker that this file has started is told from others. */
const NAME_PREFIX = "troupe ";

/** The same rights as this thread's, for the worker to have as its own. */
const INHERITED: Deno.PermissionOptionsObject = {
  ...{ read: "inherit", write: "inherit", net: "inherit", env: "inherit" },
  ...{ run: "inherit", ffi: "inherit", sys: "inherit", import: "inherit" },
};

/** What a worker says to who started it, beside what goes over its port. */
type Report = { readonly type: "loaded" } | { readonly type: "failed"; readonly error: Error };

/** What the types of a window lack. */
interface WorkerScope {
  readonly name: string;
  postMessage(message: Report): void;
  addEventListener(type: string, listener: (event: Event) => void): void;
  close(): void;
}

/** The threads of this process. */
export class DenoThreads implements Threads {
  readonly parent: ThreadPort | undefined;

  constructor() {
    const scope = workerScope();
    this.parent = scope === undefined ? undefined : parentOf(scope);
  }

  start({ name, failed, hasOwnRights = false }: StartThreadOptions): Thread {
    const worker = new Worker(Deno.mainModule, {
      type: "module",
      name: `${NAME_PREFIX}${name}`,
      ...(hasOwnRights && { deno: { permissions: INHERITED } }),
    });
    const { port1, port2 } = new MessageChannel();
    let isOver = false;
    const fail = (error: Error) => {
      if (isOver) return;
      isOver = true;
      failed(error);
    };
    worker.addEventListener("message", ({ data }: MessageEvent<Report>) => {
      // It takes messages from now on: what comes to a worker before is lost.
      if (data.type === "loaded") worker.postMessage("parent", [port2]);
      else fail(data.error);
    });
    worker.addEventListener("error", (event) => {
      event.preventDefault();
      fail(new Error(event.message));
    });
    return {
      port: new DenoPort(port1),
      terminate: () => {
        isOver = true;
        port1.close();
        worker.terminate();
      },
    };
  }

  channel(): readonly [ThreadPort, ThreadPort] {
    const { port1, port2 } = new MessageChannel();
    return [new DenoPort(port1), new DenoPort(port2)];
  }

  dropRights(rights: readonly ThreadRight[]): void {
    for (const name of rights) Deno.permissions.revokeSync({ name });
  }

  close(): void {
    workerScope()?.close();
  }
}

/** This thread as a worker, where it is one that a {@linkcode DenoThreads} has started. */
function workerScope(): WorkerScope | undefined {
  if (!("WorkerGlobalScope" in globalThis)) return undefined;
  const scope: unknown = globalThis;
  return isWorkerScope(scope) && scope.name.startsWith(NAME_PREFIX) ? scope : undefined;
}

function isWorkerScope(scope: unknown): scope is WorkerScope {
  return typeof scope === "object" && scope !== null && "name" in scope && typeof scope.name === "string";
}

/** The way to who started this worker. All worlds of one worker share it. */
let parent: ThreadPort | undefined;

function parentOf(scope: WorkerScope): ThreadPort {
  if (parent !== undefined) return parent;
  const { promise, resolve } = Promise.withResolvers<MessagePort>();
  scope.addEventListener("message", (event) => {
    const [port] = event instanceof MessageEvent ? event.ports : [];
    if (port !== undefined) resolve(port);
  });
  const fail = (event: Event, error: unknown) => {
    event.preventDefault();
    scope.postMessage({ type: "failed", error: asError(error) });
    scope.close();
  };
  scope.addEventListener("error", (event) => {
    fail(event, event instanceof ErrorEvent ? event.error : undefined);
  });
  scope.addEventListener("unhandledrejection", (event) => {
    fail(event, event instanceof PromiseRejectionEvent ? event.reason : undefined);
  });
  scope.postMessage({ type: "loaded" });
  return parent = new LaterPort(promise);
}

/** What was thrown, as what can be copied to another thread. */
function asError(error: unknown): Error {
  if (!(error instanceof Error)) return new Error(String(error));
  const copy = new Error(error.message);
  copy.name = error.name;
  if (error.stack !== undefined) copy.stack = error.stack;
  return copy;
}

class DenoPort implements ThreadPort {
  readonly raw: MessagePort;

  constructor(raw: MessagePort) {
    this.raw = raw;
  }

  post(message: unknown, ports: readonly ThreadPort[] = []): void {
    const handed = ports.filter((port) => port instanceof DenoPort).map(({ raw }) => raw);
    this.raw.postMessage(message, handed);
  }

  receive(handler: (message: unknown, ports: readonly ThreadPort[]) => void): void {
    this.raw.onmessage = ({ data, ports }: MessageEvent<unknown>) =>
      handler(data, ports.map((port) => new DenoPort(port)));
  }

  close(): void {
    this.raw.close();
  }
}

/** A port that is on its way here. */
class LaterPort implements ThreadPort {
  readonly #coming: Promise<MessagePort>;
  #port: DenoPort | undefined;

  constructor(coming: Promise<MessagePort>) {
    this.#coming = coming.then((raw) => {
      this.#port = new DenoPort(raw);
      return raw;
    });
  }

  post(message: unknown, ports?: readonly ThreadPort[]): void {
    this.#then((port) => port.post(message, ports));
  }

  receive(handler: (message: unknown, ports: readonly ThreadPort[]) => void): void {
    this.#then((port) => port.receive(handler));
  }

  close(): void {
    this.#then((port) => port.close());
  }

  /** In the order of the calls: nothing overtakes what waited for the port. */
  #then(use: (port: DenoPort) => void): void {
    if (this.#port !== undefined) return use(this.#port);
    void this.#coming.then(() => this.#port !== undefined && use(this.#port));
  }
}
