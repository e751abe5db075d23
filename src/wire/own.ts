/** What every object has by itself. */
const standard = new Set(
  'constructor __defineGetter__ __defineSetter__ hasOwnProperty __lookupGetter__ __lookupSetter__ isPrototypeOf propertyIsEnumerable toString valueOf __proto__ toLocaleString'.split(
    ' ',
  ),
);
const none: readonly string[] = [];

/**
 * The names that another library has put on `Object.prototype`: every object without a value of its own seems to have theirs. Who gets a
 * token must not be decided by them.
 */
function pollution(): readonly string[] {
  const names = Object.getOwnPropertyNames(Object.prototype);
  return names.length === standard.size ? none : names.filter((name) => !standard.has(name));
}

/** Gives the object, in place, a value of its own under each such name: undefined where it had none. */
export function shield<T extends object>(object: T): T {
  for (const name of pollution()) if (!isOfItsOwn(object, name)) Object.defineProperty(object, name, blank());
  return object;
}

/** The object, or a shielded copy of it where there is something to be shielded from. */
export function shielded<T extends object>(object: T): T {
  if (pollution().length === 0) return object;
  const copy = Object.create(Object.getPrototypeOf(object) as object | null) as T;
  return shield(Object.defineProperties(copy, Object.getOwnPropertyDescriptors(object)));
}

/** A value of the object's own, or of a prototype that is not every object's. */
export function ownValue<T extends object, K extends keyof T>(object: T, name: K): T[K] | undefined {
  return isOfItsOwn(object, name) ? object[name] : undefined;
}

/** Reads of a class, an ORM's record or a configuration that was made of another one are not those of every object. */
function isOfItsOwn(object: object, name: PropertyKey): boolean {
  for (
    let at: object | null = object;
    at && at !== Object.prototype;
    at = Object.getPrototypeOf(at) as object
  )
    if (Object.hasOwn(at, name)) return true;
  return false;
}

function blank(): PropertyDescriptor {
  const descriptor = { value: undefined, writable: true, enumerable: true, configurable: true };
  return Object.assign(Object.create(null) as object, descriptor);
}
