// A client in miniature, so that the command line and the terminal are tested by themselves.
import { choice, clientTls, defineTask, Failure, runClient, tcpClientFlags } from "../../tasks/_cli.ts";
import { visibleLines } from "../../protocols/visible_text.ts";
import { openTerminal } from "../../tasks/_open_terminal.ts";
import { paint } from "../../tasks/_terminal.ts";

const task = defineTask({
  name: "fixture:client",
  summary: "A client in miniature",
  env: "FIXTURE",
  flags: {
    ...tcpClientFlags({ port: 8080 }),
    then: choice(["talk", "tick", "fail", "three", "wait", "stay"], {
      help: "What happens",
      default: "talk",
    }),
  },
});

if (import.meta.main) {
  await runClient(task, async (options, { world, signal }) => {
    await clientTls(options, world.disk);
    using terminal = openTerminal(signal);
    switch (options.then) {
      case "fail":
        throw new Failure("Connection failed. Please check the server and try again");
      case "three":
        return 3;
      case "stay":
      case "wait": {
        const keepAlive = setInterval(() => {}, 1000);
        terminal.print("waiting");
        await new Promise<void>((resolve) =>
          signal.addEventListener("abort", () => options.then === "wait" ? resolve() : undefined)
        );
        clearInterval(keepAlive);
        terminal.print("left");
        return;
      }
      case "tick": {
        const line = terminal.ask(">> ");
        for (let tick = 0; tick < 3; tick++) {
          await new Promise((resolve) => setTimeout(resolve, 100));
          terminal.print(`tick ${tick}`);
        }
        terminal.print(`typed ${await line}`);
        return;
      }
      default:
        terminal.print(`Hello, ${await terminal.ask("Enter your name: ")}`);
        for await (const line of terminal.lines(">> ")) {
          if (line === "exit") break;
          terminal.print(paint("green", visibleLines(line)));
        }
        terminal.print("Goodbye!");
        return;
    }
  });
}
