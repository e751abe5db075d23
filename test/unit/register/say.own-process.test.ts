import { expect, test, vi } from 'vitest';
import { createReporter } from '../../../src/register/say.js';

const long = '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b';
const path = `/srv/${long}/tokens.json`;

test('a path that register knows is shown in full, with long names in it', () => {
  const { clean } = createReporter(undefined, [], [path]);
  expect(clean(`PROCORE_TOKEN_FILE: ${path} could not be read`)).toBe(
    `PROCORE_TOKEN_FILE: ${path} could not be read`,
  );
});

test('everything else that is as long goes', () => {
  const other = long.replace('9f', 'a1');
  expect(createReporter(undefined, [], [path]).clean(`${other} in ${path}`)).toBe(`[redacted] in ${path}`);
  expect(createReporter(undefined, []).clean(path)).toBe('/srv/[redacted]/tokens.json');
});

test('a secret goes also where it is a part of such a path', () => {
  expect(createReporter(undefined, [long], [path]).clean(path)).toBe('/srv/[redacted]/tokens.json');
});

test('a line shows the fingerprint of an access token, and never more than a fingerprint under that name', () => {
  const emitted = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
  const { logger } = createReporter(undefined, []);
  const line = (accessToken: string) => {
    logger.warn(`renewed accessToken="${accessToken}"`, { event: 'token-renewed', accessToken });
    return emitted.mock.lastCall?.[0];
  };
  expect(line('1b4f0e98')).toBe('renewed accessToken="1b4f0e98"');
  expect(line('1b4f0e9851971998')).toBe('renewed accessToken="[redacted]"');
  emitted.mockRestore();
});
