import { assertEquals } from "@std/assert";
import { Served } from "../../actors/sharing/served.ts";
import type { TorrentStatus } from "../../actors/sharing/torrent_status.ts";

const STATUS: TorrentStatus = {
  name: "a.bin",
  infoHash: new Uint8Array(20),
  state: "fetching",
  failure: undefined,
  length: 100,
  haveBytes: 0,
  pieces: new Uint8Array(1),
  pieceCount: 1,
  downloaded: 0,
  uploaded: 0,
  downloadRate: 0,
  uploadRate: 0,
  peers: [],
};

/** So many looks at the network, while nothing comes. */
function looks(served: Served, count: number, status = STATUS): void {
  for (let look = 0; look < count; look++) {
    served.see(status);
    served.look();
  }
}

Deno.test("served: who has left one torrent for another looks at that as often before it is left, too", () => {
  const served = new Served();
  looks(served, 3);
  assertEquals(served.isDesertedFor(3), true);
  served.startAnew();
  assertEquals(served.isDesertedFor(3), false);
  looks(served, 2);
  assertEquals(served.isDesertedFor(3), false);
  looks(served, 1);
  assertEquals(served.isDesertedFor(3), true);
});

Deno.test("served: who looks at what is there is not left by others", () => {
  const served = new Served();
  looks(served, 100, { ...STATUS, state: "scanning" });
  assertEquals(served.isDesertedFor(3), false);
});
