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
  looks(served, 2);
  assertEquals(served.isDeserted(false), false);
  looks(served, 1);
  assertEquals(served.isDeserted(false), true);
  served.startAnew();
  looks(served, 2);
  assertEquals(served.isDeserted(false), false);
  looks(served, 1);
  assertEquals(served.isDeserted(false), true);
});

Deno.test("served: what was tried before is tried again after 3, 6, 12, 24 and 24 looks, and a byte makes it 3", () => {
  const served = new Served();
  const waited = (): number => {
    served.startAnew();
    for (let count = 1; count < 100; count++) {
      looks(served, 1);
      if (!served.isDeserted(true)) continue;
      served.startRound();
      return count;
    }
    return Infinity;
  };
  assertEquals([waited(), waited(), waited(), waited(), waited()], [3, 6, 12, 24, 24]);
  looks(served, 1, { ...STATUS, downloaded: 1 });
  looks(served, 1, { ...STATUS, downloaded: 1 });
  assertEquals(waited(), 3);
});

Deno.test("served: who looks at what is there is not left by others", () => {
  const served = new Served();
  looks(served, 100, { ...STATUS, state: "scanning" });
  assertEquals(served.isDeserted(false), false);
});
