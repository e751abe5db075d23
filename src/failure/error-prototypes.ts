/**
 * An error of this package has to be `instanceof` the `AxiosError` of the application's axios as well, which is only known at run time. An
 * object has only one prototype chain, so the prototypes of the error's class are copied on top of that `AxiosError`'s: once for each pair
 * of them, kept here.
 */
const grafted = new WeakMap<object, WeakMap<object, object>>();
/** The key, on a copied prototype, of the prototype that it is a copy of. */
const original: unique symbol = Symbol.for('axios-procore.original');

/** A copy of the prototype `own`, and of those above it up to `Error.prototype`, on top of `base`. */
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

/** The prototype of the class that the value was made with, also where it was replaced by a copy of {@link graftedOn}. */
export function originalPrototypeOf(value: object): object | null {
  return (value as { [original]?: object })[original] ?? (Object.getPrototypeOf(value) as object | null);
}
