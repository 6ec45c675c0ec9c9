// A server in miniature, so that the command line is tested by itself.
import {
  choice,
  defineTask,
  Failure,
  integer,
  listenFlags,
  runServer,
  serverTls,
  tcpServerFlags,
} from "../../tasks/_cli.ts";

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
  await runServer(task, async (options, { world }) => {
    await serverTls(options, world.disk);
    if (options.then === "fail") throw new Failure("Error opening file x");
    const listener = Deno.listen({ hostname: options.host, port: options.port });
    const message = `Server listening on port ${listener.addr.port}, count ${options.count}`;
    world.log.write({ level: "info", actor: "/fixture", message });
    const { promise: terminated, resolve, reject } = Promise.withResolvers<void>();
    const boom = new Error("it broke\n  in two lines");
    if (options.then === "fail-later") reject(boom);
    if (options.then === "reject-later") Promise.reject(boom);
    if (options.then === "end") resolve();
    if (options.then === "throw-later") {
      setTimeout(() => {
        throw boom;
      });
    }
    return {
      terminated,
      stop() {
        listener.close();
        world.log.write({ level: "info", actor: "/fixture", message: "stopping" });
        return options.then === "hang" ? new Promise(() => {}) : Promise.resolve();
      },
    };
  });
}
