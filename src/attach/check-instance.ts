import type { AxiosLike } from '../axios/versions.js';
import { kindOf } from '../text/words.js';
import { instanceHint, isInstance } from './instance-hint.js';
import { isFree, replaceable } from './instance.js';

/** Throws a `TypeError` where this is no axios instance, or one that cannot be attached. */
export function checkInstance(instance: AxiosLike): void {
  if (!isInstance(instance)) {
    throw new TypeError(
      `axios-procore: attachProcore got ${kindOf(instance)}; it takes an axios instance (axios itself, or what axios.create returns) as its first argument. ${instanceHint(instance)}`,
    );
  }
  if (!Object.isExtensible(instance)) {
    throw new TypeError(
      'axios-procore: this axios instance cannot be attached, because Object.freeze, or the like, has been called on it; attach before that.',
    );
  }
}

/** Throws a `TypeError` where the instance is attached already, and `replace` does not say that this attach takes its place. */
export function checkFree(instance: AxiosLike, replace: boolean): void {
  if (isFree(instance)) return;
  if (!replace) {
    throw new TypeError(
      'axios-procore: this axios instance is attached already; call detach() on the handle of the first attachProcore before attaching anew, or give replace: true where a module runs again in the same process (hot reload).',
    );
  }
  if (!replaceable(instance)) {
    throw new TypeError(
      'axios-procore: this axios instance is attached already, by release 0.1.0 of the package, which replace: true cannot detach; call detach() on its handle, or start the process anew.',
    );
  }
}
