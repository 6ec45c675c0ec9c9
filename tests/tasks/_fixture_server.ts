// A server in miniature, so that the command line is tested by itself.
import {
  choice,
  defineTask,
  Failure,
  integer,
  listenFlags,
  runServer,
  serverTls,
  type TaskOptions,
  tcpServerFlags,
} from "../../tasks/_cli.ts";
import { ActorSystem, type Behavior, escalate } from "../../mod.ts";

const task = defineTask({
  name: "fixture:server",
  summary: "A server in miniature",
  env: "FIXTURE",
  flags: {
    ...listenFlags({ port: 8080, host: "127.0.0.1" }),
    ...tcpServerFlags({ maxClients: 10 }),
    count: integer({ help: "A number", default: 1, env: ["FIXTURE_COUNT", "FIXTURE_OLD_COUNT"] }),
    then: choice(["serve", "fail", "fail-later", "throw-later", "reject-later", "end", "hang"], {
      help: "What happens",
      default: "serve",
    }),
  },
  explain: (error, { port }) =>
    error instanceof Deno.errors.AddrInUse
      ? `Server error: Unable to start server on port ${port}`
      : undefined,
});

if (import.meta.main) {
  await runServer(task, (options, { world }) => {
    const system = new ActorSystem("fixture", { world });
    system.spawn("fixture", fixture(options, () => void system.stop()), {
      onFailure: escalate(),
      shutdownMs: Infinity,
    });
    return Promise.resolve(system);
  });
}

function fixture(options: TaskOptions<typeof task.flags>, end: () => void): Behavior<never> {
  return async (self) => {
    await serverTls(options, self.world.disk);
    if (options.then === "fail") throw new Failure("Error opening file x");
    const listener = Deno.listen({ hostname: options.host, port: options.port });
    self.log.info(`Server listening on port ${listener.addr.port}, count ${options.count}`);
    self.onStop(() => {
      listener.close();
      self.log.info("stopping");
      return options.then === "hang" ? new Promise(() => {}) : Promise.resolve();
    });
    const boom = new Error("it broke\n  in two lines");
    const failed = options.then === "fail-later" ? Promise.reject(boom) : new Promise<never>(() => {});
    self.pipe(failed, (message) => message, (error) => {
      throw error;
    });
    if (options.then === "reject-later") Promise.reject(boom);
    if (options.then === "end") end();
    if (options.then === "throw-later") {
      setTimeout(() => {
        throw boom;
      });
    }
    return () => {};
  };
}
