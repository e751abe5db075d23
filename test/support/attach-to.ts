import type { AxiosInstance } from 'axios';
import { createAttach } from '../../src/attach/attach.js';
import type { Procore } from '../../src/attach/handle.js';
import type { ProcoreOptions } from '../../src/options/options.js';
import type { Harness } from './harness.js';

/** Attaches to an instance of the test's own making, on the harness's clock, emulator and store. */
export function attachTo(
  h: Harness,
  instance: AxiosInstance,
  options: Partial<ProcoreOptions> = {},
  registry: object = {},
): Procore {
  const write = (message: string) => void h.logged.push(message);
  return createAttach(h.env, registry)(instance, {
    clientId: h.emulator.clientId,
    clientSecret: h.emulator.clientSecret,
    environment: h.emulator.environment,
    store: h.store,
    companyId: '42',
    logger: { debug: write, info: write, warn: write, error: write },
    ...options,
  });
}
