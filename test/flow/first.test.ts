import { expect, test } from 'vitest';
import { createHarness } from '../support/harness.js';

test('1,000 parallel calls on an expired token make one exchange and see no 401', async () => {
  await using h = await createHarness();
  await h.instance.get('/rest/v1.0/me');
  h.env.jump(5_401_000);
  const answers = await Promise.all(
    Array.from({ length: 1_000 }, () => h.instance.get('/rest/v1.0/projects')),
  );
  expect(answers.every(({ status }) => status === 200)).toBe(true);
  expect(h.emulator.counters).toMatchObject({ exchanges: 1, unauthorized: 0 });
});
