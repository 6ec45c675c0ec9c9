import { assert, assertEquals, assertThrows } from "@std/assert";
import { addressKey, AddressRate } from "../../actors/net/mod.ts";

Deno.test("address rate: one address that keeps coming back is as fast as the rate, and slows down nobody else", () => {
  const rate = new AddressRate({ perSecond: 5, burst: 5 });
  let taken = 0;
  for (let ms = 0; ms < 10_000; ms++) taken += rate.take("192.0.2.1", ms) ? 1 : 0;
  assert(taken >= 54 && taken <= 55, `${taken}`);
  assert(rate.take("192.0.2.2", 10_000));
});

Deno.test("address rate: an IPv6 host is one, whichever of its addresses it comes from", () => {
  const rate = new AddressRate({ perSecond: 1, burst: 1 });
  assert(rate.take("2001:db8:1:2::1", 0));
  for (const address of ["2001:db8:1:2::2", "2001:DB8:1:2:ffff:ffff:ffff:ffff", "2001:db8:1:2:0:0:0:7"]) {
    assert(!rate.take(address, 0), address);
  }
  assert(rate.take("2001:db8:1:3::1", 0));
  assertEquals(addressKey("::1"), "0:0:0:0::/64");
  assertEquals(addressKey("fe80::1%eth0"), "fe80:0:0:0::/64");
  assertEquals(addressKey("::"), "0:0:0:0::/64");
  assertEquals(addressKey("127.0.0.1"), "127.0.0.1");
});

Deno.test("address rate: what it remembers is bounded, and the most recent are remembered", () => {
  const rate = new AddressRate({ perSecond: 0.001, burst: 1, maxAddresses: 10 });
  assert(rate.take("10.0.0.0", 0));
  for (let host = 1; host <= 9; host++) {
    assert(rate.take(`10.0.0.${host}`, 0));
    assert(!rate.mayTake("10.0.0.0", 0));
  }
  assert(rate.take("10.0.0.10", 0));
  assert(!rate.take("10.0.0.0", 0), "it was asked for just now");
  assert(rate.take("10.0.0.1", 0), "it was the least recent");
  for (const options of [{ perSecond: -1, burst: 1 }, { perSecond: 1, burst: 0 }]) {
    assertThrows(() => new AddressRate(options), RangeError);
  }
  assertThrows(() => new AddressRate({ perSecond: 1, burst: 1, maxAddresses: 0 }), RangeError);
});
