import { check, isObject, isWhole, oneOf, seconds, switched, type Field } from './checks.js';
import { rateLimitFields } from './rate-options.js';
import type { EmulatorOptions } from './types.js';

const defaults: Required<EmulatorOptions> = Object.freeze({
  port: 0,
  clientId: 'emulator-client',
  clientSecret: 'emulator-secret',
  accessTokenLifetimeSeconds: 5400,
  tokenFields: 'form',
  spentTokens: 'A',
  familyRevocation: false,
  requireCompanyHeader: true,
  redirectUris: [],
  rateLimits: {},
  now: Date.now,
});

const text: Field = [(value) => typeof value === 'string' && value !== '', 'a non-empty string'];
const fields: Record<keyof EmulatorOptions, Field> = {
  port: [(value) => isWhole(value, 0, 65_535), 'a port number, or 0 for a free one'],
  clientId: text,
  clientSecret: text,
  accessTokenLifetimeSeconds: seconds,
  tokenFields: oneOf('form', 'anywhere'),
  spentTokens: oneOf('A', 'B'),
  familyRevocation: switched,
  requireCompanyHeader: switched,
  redirectUris: [
    (value) => Array.isArray(value) && value.every((uri) => typeof uri === 'string' && URL.canParse(uri)),
    'an array of absolute URIs',
  ],
  rateLimits: [isObject, 'an object of limits', undefined, rateLimitFields],
  now: [(value) => typeof value === 'function', 'a function that returns milliseconds'],
};

/** Fills in the defaults (`undefined` never overrides one); throws a `TypeError` that names the wrong option. */
export function resolveOptions(options: EmulatorOptions): Required<EmulatorOptions> {
  check('startEmulator', options, { known: fields });
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  return { ...defaults, ...Object.fromEntries(given) };
}
