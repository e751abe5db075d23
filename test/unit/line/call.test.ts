import axios, { type AxiosRequestConfig } from 'axios';
import { expect, test } from 'vitest';
import type { Attempt } from '../../../src/line/attempt.js';
import { Call, createCalls, type Terms } from '../../../src/line/call.js';
import type { Request } from '../../../src/line/request.js';
import { Story } from '../../../src/line/story.js';

test('the call that a configuration carries is the same one where axios has merged that configuration', () => {
  const calls = createCalls();
  const config: AxiosRequestConfig = { url: '/rest/v1.0/me' };
  const call = new Call({ config } as Request, {} as Terms, new Story(0));
  // An attempt leads back to the configuration, so that a copy of it would never end.
  call.attempt = { config } as unknown as Attempt;
  calls.put(config, call);
  expect(calls.of(axios.mergeConfig({}, config))).toBe(call);
});
