import type { SocketAddress } from "../../actors/world/world.ts";
import type { Section } from "./section.ts";

/** How many lines are written at once, and after how many that somebody has read the server is killed. */
const LINES = 20_000;
const READ = 200;

/** `kill -9`, and nothing lost. */
export const killSection: Section = {
  name: "kill",
  title: "kill -9 of the editor, in the middle of a flood",
  about:
    "A process of its own. What anybody was sent is on the disk: after the restart it is there, once, in order.",
  async play(stage) {
    const directory = await stage.directory();
    const start = () =>
      stage.process("tasks/editor_server.ts", [
        "--host",
        "127.0.0.1",
        "--port",
        "0",
        "--data-dir",
        directory,
        "--web-port",
        "off",
      ]);
    const server = await start();
    const address: SocketAddress = { hostname: "127.0.0.1", port: server.port };
    const [writer, reader] = [await stage.client(address), await stage.client(address)];
    for (let n = 1; n <= LINES; n++) writer.send(`line ${n}`);
    const heard: string[] = [];
    while (heard.length < READ) {
      const line = await stage.soon(reader.next(), "a line that the other has written");
      if (line === null) break;
      heard.push(line);
    }
    await server.kill();
    for (let line; (line = await stage.soon(reader.next(), "the end of the connection")) !== null;) {
      heard.push(line);
    }
    stage.note(`kill -9: ${heard.length} lines had been read, of ${LINES} that were sent`);
    const again = await start();
    const text = new TextDecoder().decode(await stage.world.disk.readFile(`${directory}/temp.txt`));
    const kept = text.trimEnd().split("\n");
    stage.check(
      heard.every((line, index) => kept[index] === line),
      "each line that was read is in the document, once, in its order",
    );
    stage.note(
      `started again: ${kept.length} lines are in the document, and each of the ${heard.length} is among them`,
    );
    await again.kill();
  },
};
