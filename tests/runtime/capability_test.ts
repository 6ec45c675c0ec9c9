import { assert, assertEquals, assertThrows } from "@std/assert";
import { ActorSystem, denoWorld, type Ref, resume, topic } from "../../mod.ts";
import { deadline } from "../_helpers.ts";

/** Every name and symbol that can be reached on an object, up to what all objects have. */
function reachable(object: object): PropertyKey[] {
  const keys: PropertyKey[] = [];
  for (let at = object; at !== Object.prototype && at !== null; at = Object.getPrototypeOf(at)) {
    keys.push(...Reflect.ownKeys(at));
  }
  return keys.sort();
}

async function refs(): Promise<
  { system: ActorSystem; actor: Ref<string>; address: Ref<number>; child: Ref<never> }
> {
  const system = new ActorSystem("test", { world: denoWorld() });
  const address = Promise.withResolvers<Ref<number>>();
  const child = Promise.withResolvers<Ref<never>>();
  const actor = system.spawn<string>("a", (self) => {
    self.spawn<string>("child", () => () => {});
    child.resolve(self.children()[0] ?? self.self);
    return () => {};
  }, { mailbox: { capacity: 1 } });
  actor.ask<number>((replyTo) => (address.resolve(replyTo), "question"), { timeoutMs: 60_000 }).catch(
    () => {},
  );
  return { system, actor, address: await address.promise, child: await child.promise };
}

Deno.test("ref: nothing but path, isOpen, tell, offer and ask can be reached through it", async () => {
  const { system, actor, address, child } = await refs();
  for (const ref of [actor, address, child]) {
    assertEquals(reachable(ref), ["ask", "constructor", "isOpen", "offer", "path", "tell"]);
    assertEquals(Reflect.get(ref, "constructor"), Object);
  }
  await deadline(system.stop());
});

Deno.test("ref: who holds one cannot change what it is to the others", async () => {
  const { system, actor, address } = await refs();
  for (const ref of [actor, address]) {
    const prototype: object = Object.getPrototypeOf(ref);
    assert(Object.isFrozen(prototype));
    assertThrows(() => Reflect.apply(Reflect.get(prototype, "tell"), {}, ["to nobody"]), TypeError);
    assertThrows(() => {
      Object.assign(prototype, { tell: () => {} });
    }, TypeError);
  }
  // Nor can anything be put on the ref itself, which all who hold it share.
  assertThrows(() => Object.defineProperty(actor, "tell", { value: () => {} }), TypeError);
  assertThrows(() => Object.assign(actor, { note: "mine" }), TypeError);
  assertThrows(() => Object.setPrototypeOf(actor, { tell: () => {} }), TypeError);
  await deadline(system.stop());
});

/** Ways to put something on an address that others call. */
const TAMPERINGS: Readonly<Record<string, (address: object, tell: () => void) => void>> = {
  "defines it": (address, tell) => void Object.defineProperty(address, "tell", { value: tell }),
  "defines a getter": (address, tell) => void Object.defineProperty(address, "tell", { get: () => tell }),
  "assigns it": (address, tell) => void Object.assign(address, { tell }),
  "sets it by reflection": (address, tell) => void Reflect.set(address, "tell", tell, address),
  "changes the prototype": (address, tell) => void Object.setPrototypeOf(address, { tell }),
};

type Asked = { readonly type: "who"; readonly replyTo: Ref<string> };

/** Who is given the address first, and tampers with it, and who is given it then, and answers. */
interface Holders {
  readonly system: ActorSystem;
  readonly tamper: (question: Asked) => void;
  readonly tampering: Ref<Asked>;
  /** Settles when it has been tampered with. */
  readonly tampered: Promise<void>;
  readonly answering: Ref<Asked>;
}

/** Ways for an address to come to two holders. */
const ROUTES: Readonly<Record<string, (holders: Holders) => Ref<Asked>>> = {
  "told on": ({ system, tampering, answering }) =>
    system.spawn<Asked>("asked", () => (question) => {
      tampering.tell(question);
      answering.tell(question);
    }),
  "told on by a handler that is a promise": ({ system, tampering, tampered, answering }) =>
    system.spawn<Asked>("asked", () => async (question) => {
      tampering.tell(question);
      await tampered;
      answering.tell(question);
    }),
  "told on by a handler that is a promise, after another": ({ system, tampering, answering }) => {
    let isFirst = true;
    return system.spawn<Asked>("asked", (self) => async (question) => {
      if (isFirst) {
        isFirst = false;
        await Promise.resolve();
        return self.self.tell(question);
      }
      tampering.tell(question);
      answering.tell(question);
    });
  },
  "told on by one that then throws": ({ system, tampering, answering }) => {
    const middle = system.spawn<Asked>("middle", () => ({ replyTo }) => {
      tampering.tell({ type: "who", replyTo });
      answering.tell({ type: "who", replyTo });
      throw new Error("told to");
    }, { onFailure: resume() });
    return system.spawn<Asked>("asked", () => ({ replyTo }) => middle.tell({ type: "who", replyTo }));
  },
  "told on by another that was told it": ({ system, tampering, answering }) => {
    const middle = system.spawn<Asked>("middle", () => (question) => {
      tampering.tell(question);
      answering.tell(question);
    });
    return system.spawn<Asked>("asked", () => (question) => middle.tell(question));
  },
  "looked at by a mailbox that sorts": ({ system, tamper, answering }) => {
    const mailbox = { isUrgent: (question: Asked) => (tamper(question), true) };
    const sorting = system.spawn<Asked>("sorting", () => () => {}, { mailbox });
    return system.spawn<Asked>("asked", () => (question) => {
      sorting.tell(question);
      answering.tell(question);
    });
  },
  "published": ({ system, tamper, answering }) => {
    const questions = topic<Asked>("questions");
    system.subscribe(questions, tamper);
    return system.spawn<Asked>("asked", (self) => (question) => {
      self.publish(questions, question);
      answering.tell(question);
    });
  },
  "put aside first": ({ system, tampering, answering }) =>
    system.spawn<Asked>("asked", (self) => {
      let isFirst = true;
      return (question) => {
        if (isFirst) {
          isFirst = false;
          self.stash.push(question);
          return self.stash.unstashAll();
        }
        tampering.tell(question);
        answering.tell(question);
      };
    }),
};

for (const [route, ask] of Object.entries(ROUTES)) {
  Deno.test(`reply address: ${route}, no holder can turn it against the others`, async () => {
    for (const [how, put] of Object.entries(TAMPERINGS)) {
      const system = new ActorSystem("test", {
        world: { ...denoWorld(), log: { enabled: () => false, write: () => {} } },
      });
      const stolen: string[] = [];
      const { promise: tampered, resolve } = Promise.withResolvers<void>();
      let tried = 0;
      const tamper = ({ replyTo }: Asked) => {
        tried++;
        try {
          put(replyTo, () => void stolen.push(how));
        } catch (error) {
          assert(error instanceof TypeError);
        }
        resolve();
      };
      const tampering = system.spawn<Asked>("tampering", () => tamper);
      const answering = system.spawn<Asked>("answering", () => ({ replyTo }) => replyTo.tell("me"));
      const asked = ask({ system, tamper, tampering, tampered, answering });
      const answer = asked.ask({ type: "who" }, { timeoutMs: 10_000 });
      assertEquals([await answer, stolen, tried], ["me", [], 1], how);
      await deadline(system.stop());
    }
  });
}

Deno.test("ref: one that looks like a ref is none: it can be neither watched, stopped nor registered", async () => {
  const { system, actor } = await refs();
  const forged: Ref<string> = Object.create(actor);
  const proxied = new Proxy(actor, {});
  const done = Promise.withResolvers<void>();
  system.spawn<string>("b", (self) => {
    for (const ref of [forged, proxied]) {
      assertThrows(() => self.stop(ref), TypeError, "what is no actor's ref");
      assertThrows(() => self.watch(ref, () => "gone"), TypeError, "what only looks like a ref");
    }
    done.resolve();
    return () => {};
  });
  await deadline(done.promise);
  await deadline(system.stop());
});
