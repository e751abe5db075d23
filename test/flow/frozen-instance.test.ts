import axios from 'axios';
import { expect, test } from 'vitest';
import { attachTo } from '../support/attach-to.js';
import { createHarness } from '../support/harness.js';

test('an instance that cannot be marked is refused by name, and left as it was', async () => {
  await using h = await createHarness();
  const frozen = Object.freeze(axios.create({ baseURL: h.emulator.environment.apiUrl, proxy: false }));
  expect(() => attachTo(h, frozen)).toThrow(/^axios-procore: .*Object\.freeze/);
  const { handlers } = frozen.interceptors.request as unknown as { handlers: unknown[] };
  expect(handlers).toEqual([]);
});
