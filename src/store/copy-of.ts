/**
 * A copy that whoever gets it may change: also of the lists and plain objects in it, which the package's own fields are. Other objects, a
 * `Date` of the application's say, are shared, and so is what refers to itself, which no store can keep.
 */
export function copyOf<T extends object>(set: T): T {
  return copyOfFields(set, [set]) as T;
}

function copyOfFields(fields: object, above: readonly object[]): object {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, copied(value, above)]));
}

function copied(value: unknown, above: readonly object[]): unknown {
  if (typeof value !== 'object' || value === null || above.includes(value)) return value;
  if (Array.isArray(value)) return value.map((one) => copied(one, [...above, value]));
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null
    ? copyOfFields(value, [...above, value])
    : value;
}
