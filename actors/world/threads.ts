/**
 * Threads of one process, each with an event loop and a heap of its own.
 *
 * @module
 */

/** One end of a way between two threads: what is posted here comes out at the other end, in order. */
export interface ThreadPort {
  /**
   * Sends a copy of a message (structured clone), and hands ports over with it: they are of no use here any
   * more. Throws where a message cannot be copied.
   */
  post(message: unknown, ports?: readonly ThreadPort[]): void;
  /** Says who takes what comes; what came before waits for it. Called once. */
  receive(handler: (message: unknown, ports: readonly ThreadPort[]) => void): void;
  /** Closes this end. What was posted before still arrives. Twice is fine. */
  close(): void;
}

/** A thread that was started. */
export interface Thread {
  /** The way to it. */
  readonly port: ThreadPort;
  /** Ends it at once, whatever it is doing. Twice is fine. */
  terminate(): void;
}

/** Options of {@linkcode Threads.start}. */
export interface StartThreadOptions {
  /** Its name, for tools that look at the process. */
  readonly name: string;
  /**
   * It can give up rights of its own: see {@linkcode Threads.dropRights}. Deno has that only with
   * `"unstable": ["worker-options"]`, without which the process ends here. @default false
   */
  readonly hasOwnRights?: boolean;
  /** Told once when it has failed: its module was not found, or threw, or nobody dealt with an error. */
  readonly failed: (error: Error) => void;
}

/** The threads of this process. */
export interface Threads {
  /** The way to who started this thread; undefined on the first one of the process. */
  readonly parent: ThreadPort | undefined;
  /** Starts a thread that runs the program's main module, and inherits the rights of this one. */
  start(options: StartThreadOptions): Thread;
  /** Both ends of a new way. */
  channel(): readonly [ThreadPort, ThreadPort];
  /**
   * Gives up rights for good, in this thread alone where it was started with `hasOwnRights`, else in the
   * whole process.
   */
  dropRights(rights: readonly ThreadRight[]): void;
  /** Ends this thread; the first one goes on. */
  close(): void;
}

/** What {@linkcode Threads.dropRights} can give up, as Deno names it. */
export type ThreadRight = "read" | "write" | "env" | "run" | "ffi" | "sys" | "net" | "import";
