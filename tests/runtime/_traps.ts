/**
 * Values that fail whoever looks at them.
 *
 * @module
 */

/** A getter, or a trap of a proxy, that throws. */
export const throwing = (): never => {
  throw new Error("trap");
};

/** An object, or a promise, of which a property throws when it is read. */
export function withTrap<T extends object>(target: T, name: PropertyKey): T {
  return Object.defineProperty(target, name, { get: throwing, configurable: true });
}

/** A proxy at which every look throws. */
export function revoked(target: object): object {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy;
}

/** A promise that has rejected, and is nobody's fault. */
export function rejected(reason: unknown): Promise<never> {
  const promise = Promise.reject(reason);
  promise.catch(() => {});
  return promise;
}
