import { assertEquals, assertThrows } from "@std/assert";
import { FLAVOURS } from "./_flavours.ts";

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

const encoder = new TextEncoder();

for (const { name, run } of FLAVOURS) {
  Deno.test(`${name}: digests are those of FIPS 180-4, of no bytes, few and many`, () =>
    run(({ hash }) => {
      for (
        const [text, sha1, sha256] of [
          [
            "",
            "da39a3ee5e6b4b0d3255bfef95601890afd80709",
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
          ],
          [
            "abc",
            "a9993e364706816aba3e25717850c26c9cd0d89d",
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
          ],
          [
            "a".repeat(1_000_000),
            "34aa973cd4c4daa4f61eeb2bdbad27316534016f",
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0",
          ],
        ] as const
      ) {
        assertEquals(hex(hash.digest("SHA-1", encoder.encode(text))), sha1);
        assertEquals(hex(hash.digest("SHA-256", encoder.encode(text))), sha256);
      }
      return Promise.resolve();
    }));

  Deno.test(`${name}: a digest in slices is that of the whole, and what was given may change afterwards`, () =>
    run(({ hash, random }) => {
      const bytes = random.bytes(10_000);
      for (const algorithm of ["SHA-1", "SHA-256"] as const) {
        const hasher = hash.start(algorithm);
        for (let at = 0; at < bytes.length; at += 333) {
          const slice = bytes.slice(at, at + 333);
          hasher.update(slice);
          slice.fill(0);
        }
        assertEquals(hasher.digest(), hash.digest(algorithm, bytes));
        assertThrows(() => hasher.digest(), TypeError, "Cannot hash");
        assertThrows(() => hasher.update(bytes), TypeError, "Cannot hash");
      }
      return Promise.resolve();
    }));

  Deno.test(`${name}: keyed digests are those of RFC 4231 and RFC 2202, also with a key longer than a block`, () =>
    run(({ hash }) => {
      const key = encoder.encode("Jefe");
      const message = encoder.encode("what do ya want for nothing?");
      assertEquals(
        hex(hash.hmac("SHA-256", key, message)),
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
      );
      assertEquals(hex(hash.hmac("SHA-1", key, message)), "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
      assertEquals(
        hex(
          hash.hmac(
            "SHA-256",
            new Uint8Array(131).fill(0xaa),
            encoder.encode("Test Using Larger Than Block-Size Key - Hash Key First"),
          ),
        ),
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
      );
      return Promise.resolve();
    }));
}
