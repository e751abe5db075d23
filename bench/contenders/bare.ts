import type { Contender } from './contender.js';
import { clientOf, instanceFor } from './instance.js';

export const bare: Contender = {
  name: 'bare axios',
  setUp: 'An instance with `baseURL` and the company header, and no bearer.',
  renews: false,
  retries: false,
  paces: false,
  isAxios: true,
  connect: (world) => clientOf(instanceFor(world)),
};
