/**
 * Lets an error of one class be an instance of a second one, which is only known at run time: that of the axios which the application uses.
 * A prototype chain is a line, so the class's own prototypes are copied on top of the other class's, once for each pair.
 */
const grafted = new WeakMap<object, WeakMap<object, object>>();
/** On a copied prototype: the one that it is a copy of. */
const original: unique symbol = Symbol.for('axios-procore.original');

/** The prototype `own`, and those above it up to `Error.prototype`, copied on top of `base`. */
export function graftedOn(base: object, own: object): object {
  if (own === Error.prototype) return base;
  const known = grafted.get(base) ?? new WeakMap<object, object>();
  grafted.set(base, known);
  const there = known.get(own);
  if (there) return there;
  const above = graftedOn(base, Object.getPrototypeOf(own) as object);
  const copy = Object.create(above, {
    ...Object.getOwnPropertyDescriptors(own),
    [original]: { value: own },
  }) as object;
  known.set(own, copy);
  return copy;
}

/** The prototype that a class made the value with, whatever it has been grafted on since. */
export function originalPrototypeOf(value: object): object | null {
  return (value as { [original]?: object })[original] ?? (Object.getPrototypeOf(value) as object | null);
}
