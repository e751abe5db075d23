import type { TestStore } from './harness.js';

/**
 * Holds back the next save of a store, which was decided by what the store held before: `reached` resolves when it has come, and `land`
 * lets it land on whatever was saved meanwhile.
 */
export function holdNextSave(store: TestStore): { reached: Promise<void>; land: () => void } {
  let land = () => {};
  const landing = new Promise<void>((resolve) => (land = resolve));
  const reached = new Promise<void>((resolve) => {
    store.onSave = () => {
      store.onSave = undefined;
      resolve();
      return landing;
    };
  });
  return { reached, land };
}
