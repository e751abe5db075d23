/** Found on an attached instance by every copy of the package; true, or how to make it give way. */
const attached: unique symbol = Symbol.for('axios-procore.attached');

type Attachable = object & { [attached]?: true | { giveWay(): void } };

/** Marks the instance, so that it is not attached twice. */
export function mark(instance: Attachable): void {
  Object.defineProperty(instance, attached, { value: true, configurable: true });
}

/** Takes the mark back. */
export function unmark(instance: Attachable): void {
  delete instance[attached];
}

/** Attached without the application's doing: an attach of its own takes the instance over. */
export function lend(instance: Attachable, handle: { detach(): void }): void {
  const value = { giveWay: () => handle.detach() };
  Object.defineProperty(instance, attached, { value, configurable: true });
}

/** Whether it can be attached now: it is not, or what is attached to it gives way. */
export function isFree(instance: Attachable): boolean {
  return instance[attached] !== true;
}

/** Makes way for another attach. */
export function reclaim(instance: Attachable): void {
  const holder = instance[attached];
  if (typeof holder === 'object') holder.giveWay();
}
