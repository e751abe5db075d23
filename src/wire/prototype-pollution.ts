/** The properties that `Object.prototype` has in every JavaScript engine. */
const standard = new Set(
  'constructor __defineGetter__ __defineSetter__ hasOwnProperty __lookupGetter__ __lookupSetter__ isPrototypeOf propertyIsEnumerable toString valueOf __proto__ toLocaleString'.split(
    ' ',
  ),
);
const none: readonly string[] = [];

/**
 * The names that other code has added to `Object.prototype` ("prototype pollution"). Every object seems to have a property of each such
 * name. Such a value must not decide where a token is sent.
 */
function pollution(): readonly string[] {
  const names = Object.getOwnPropertyNames(Object.prototype);
  return names.length === standard.size ? none : names.filter((name) => !standard.has(name));
}

/**
 * Whether no value that is read of this object can come from a polluted `Object.prototype`. An object without prototype, as the
 * configurations of current axios are, needs no look at the names.
 */
export function isUnpolluted(object: object): boolean {
  return Object.getPrototypeOf(object) === null || pollution().length === 0;
}

/** Hides the polluted names on this object: gives it an own property `undefined` for each that it has no value of its own for. */
export function hidePollution<T extends object>(object: T): T {
  for (const name of pollution()) if (!isOfItsOwn(object, name)) Object.defineProperty(object, name, blank());
  return object;
}

/** The object itself, or, where `Object.prototype` is polluted, a copy of it on which the polluted names are hidden. */
export function unpolluted<T extends object>(object: T): T {
  if (pollution().length === 0) return object;
  const copy = Object.create(Object.getPrototypeOf(object) as object | null) as T;
  return hidePollution(Object.defineProperties(copy, Object.getOwnPropertyDescriptors(object)));
}

/** The value of a property of the object or of its class; undefined where only `Object.prototype` has it. */
export function ownValue<T extends object, K extends keyof T>(object: T, name: K): T[K] | undefined {
  return isOfItsOwn(object, name) ? object[name] : undefined;
}

/** Whether the object or one of its prototypes below `Object.prototype` (a class, an ORM's record) has the property. */
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
