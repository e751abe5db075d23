/**
 * A copy whose changes do not affect the original: lists and plain objects inside are copied too. Other objects in it, such as a `Date` of
 * the application, are shared, and so are circular structures, which no store can keep anyway.
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
