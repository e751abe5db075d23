/** Objects of this class have what a prototype of its own has: nothing. */
const Empty = function () {} as unknown as new () => object;
Empty.prototype = Object.create(null) as object;

/**
 * A shallow copy of a configuration of axios, with the same prototype, but that of one without a prototype is an empty object: V8 keeps
 * objects without any prototype as hash tables, of four times the size.
 */
export function lightCopyOf<T extends object>(value: T): T {
  const prototype = Object.getPrototypeOf(value) as object | null;
  const copy = (prototype === null ? new Empty() : Object.create(prototype)) as T;
  for (const key of Object.keys(value)) copy[key as keyof T] = value[key as keyof T];
  for (const key of Object.getOwnPropertySymbols(value)) copy[key as keyof T] = value[key as keyof T];
  return copy;
}
