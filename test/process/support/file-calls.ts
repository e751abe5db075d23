/** The file store's system calls, each of which can be made to fail, or to be the last thing that a process does. */
import { promises } from 'node:fs';
import type { FileSystem } from '../../../src/store/file/system.js';

/** Wraps `node:fs/promises`: `before` hears of each call ("rename", "file.sync", …) with its arguments, and may throw in its place. */
export function watchedFs(
  before: (call: string, args: unknown[], file?: promises.FileHandle) => unknown,
): FileSystem {
  return wrap(
    promises,
    (name, args) => before(name, args),
    async (result) =>
      isHandle(result)
        ? wrap(
            result,
            (name, args) => before(`file.${name}`, args, result),
            (value) => value,
          )
        : result,
  );
}

function wrap<T extends object>(
  target: T,
  before: (name: string, args: unknown[]) => unknown,
  after: (result: unknown) => unknown,
): T {
  return new Proxy(target, {
    get(_, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function' || typeof name !== 'string') return value;
      return async (...args: unknown[]) => {
        await before(name, args);
        return after(await Reflect.apply(value, target, args));
      };
    },
  });
}

function isHandle(value: unknown): value is promises.FileHandle {
  return typeof value === 'object' && value !== null && 'fd' in value;
}

/** An error as the system gives it. */
export function systemFailure(code: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${code}: made up`), { code, errno: -1 });
}
