import type { EmulatedRequest } from '../../src/emulator/index.js';
import type { Harness } from './harness.js';

/** Keeps every API request as it came, without striking any. */
export function record(h: Harness): EmulatedRequest[] {
  const seen: EmulatedRequest[] = [];
  h.emulator.misbehave({
    on: (request) => {
      if (request.path.startsWith('/rest/')) seen.push(request);
      return false;
    },
    do: { kind: 'hang' },
  });
  return seen;
}
