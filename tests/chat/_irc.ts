/**
 * A chat with an IRC door for a test, and people who come by that.
 *
 * @module
 */
import { deadline, TestClient } from "../_helpers.ts";
import { startChat, type TestChat } from "./_chat.ts";

/** A chat with an IRC door. */
export async function startBoth(
  options: Parameters<typeof startChat>[0] = {},
): Promise<TestChat & { readonly ircPort: number }> {
  const { promise, resolve } = Promise.withResolvers<number>();
  const chat = await startChat({
    ...options,
    irc: {
      address: { hostname: "127.0.0.1", port: 0 },
      serverName: "irc.test",
      onListening: ({ port }) => resolve(port),
    },
  });
  return {
    ...chat,
    ircPort: await deadline(promise, undefined, "the IRC door"),
    [Symbol.asyncDispose]: chat[Symbol.asyncDispose],
  };
}

/** An IRC client that reads line by line. */
export class IrcPerson {
  readonly client: TestClient;
  readonly nick: string;

  constructor(client: TestClient, nick: string) {
    this.client = client;
    this.nick = nick;
  }

  static async enter(port: number, nick: string, capabilities = ""): Promise<IrcPerson> {
    const person = new IrcPerson(await TestClient.connect(port), nick);
    if (capabilities !== "") await person.send("CAP LS 302", `CAP REQ :${capabilities}`);
    await person.send(`NICK ${nick}`, `USER ${nick} 0 * :Real ${nick}`);
    if (capabilities !== "") await person.send("CAP END");
    await person.sync();
    return person;
  }

  send(...lines: string[]): Promise<void> {
    return this.client.send(lines.map((line) => `${line}\r\n`).join(""));
  }

  /**
   * Everything that was sent until all that was asked before has been answered, without times, hosts and
   * numbers.
   */
  async sync(): Promise<string[]> {
    const token = crypto.randomUUID();
    await this.send(`PING ${token}`);
    const lines: string[] = [];
    for (let read; (read = await this.client.line()) !== null;) {
      const line = read.replace(/\r$/, "");
      if (line.endsWith(token)) return lines;
      lines.push(line.replace(/![^@]+@[0-9a-f]{12}\.hidden/, "!user@host"));
    }
    throw new Error(`${this.nick} was closed after ${lines.join(" / ")}`);
  }

  [Symbol.dispose](): void {
    this.client.close();
  }
}
