/** Runs a call in place of the one that was made: `made` makes it, with these arguments or others. */
export type Around = (made: (args: readonly unknown[]) => unknown, args: readonly unknown[]) => unknown;

/** Puts something around the calls of a method of one object, or of a prototype, until the returned function takes it away again. */
export function around(owner: object, method: string, wrap: Around): () => void {
  const original: unknown = Reflect.get(owner, method);
  if (typeof original !== "function") throw new TypeError(`There is no method ${method} to look at.`);
  const before = Object.getOwnPropertyDescriptor(owner, method);
  const value = function (this: unknown, ...args: readonly unknown[]): unknown {
    return wrap((given): unknown => Reflect.apply(original, this, given), args);
  };
  Object.defineProperty(owner, method, { value, configurable: true, writable: true, enumerable: before?.enumerable ?? false });
  return () => {
    if (before === undefined) Reflect.deleteProperty(owner, method);
    else Object.defineProperty(owner, method, before);
  };
}
