/**
 * The chat's IRC door with TLS, as `sslscan` sees it.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { available, makeCertificate, startProcess, startTask, tempDirectory } from "../_helpers.ts";

const isHere = await available("sslscan", "--version");

Deno.test({
  name:
    "chat: the IRC door speaks TLS 1.2 and 1.3 with forward secrecy alone, and sslscan finds no old weakness" +
    (isHere ? "" : " (not here: sslscan)"),
  ignore: !isHere,
  async fn() {
    await using directory = await tempDirectory();
    const { certFile, keyFile } = await makeCertificate(directory);
    await using server = startTask("chat:server", [
      ...["--host", "127.0.0.1", "--port", "0", "--web-port", "off", "--irc-port", "0"],
      ...["--tls-cert", certFile, "--tls-key", keyFile],
    ]);
    const port = await server.port("IRC server listening");
    await using scan = startProcess("sslscan", ["--no-colour", "--xml=-", `127.0.0.1:${port}`]);
    const { code, stdout, stderr } = await scan.ended(60_000);
    assertEquals(code, 0, stderr);
    const found = (pattern: RegExp) => [...stdout.matchAll(pattern)].map(([, value = ""]) => value);
    assertEquals(found(/<protocol type="(?:ssl|tls)" version="([^"]+)" enabled="1"/g), ["1.2", "1.3"]);
    assertEquals(found(/<heartbleed sslversion="[^"]+" vulnerable="(1)"/g), []);
    assertEquals(found(/<compression supported="(1)"/g), []);
    assertEquals(found(/<renegotiation supported="1" secure="(0)"/g), []);
    const ciphers = found(/<cipher [^>]*?\bcipher="([^"]+)"/g);
    assert(ciphers.length > 0, "at least one cipher");
    assertEquals(
      ciphers.filter((name) => !/^(TLS_|ECDHE-)/.test(name) || /RC4|3DES|CBC|NULL|EXP/.test(name)),
      [],
    );
  },
});
