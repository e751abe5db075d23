import { kindOf } from '../text/words.js';
import { unknownName } from '../text/nearest.js';
import { isRecord } from './checks.js';
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

const takes: { [Name in keyof EmulatorOptions]-?: [allowed: (value: unknown) => boolean, what: string] } = {
  port: [
    (value) => Number.isInteger(value) && isBetween(value, 0, 65_535),
    'a port number, or 0 for a free one',
  ],
  clientId: [isText, 'a non-empty string'],
  clientSecret: [isText, 'a non-empty string'],
  accessTokenLifetimeSeconds: [(value) => isBetween(value, 0.001, 1e9), 'a positive number of seconds'],
  tokenFields: [(value) => value === 'form' || value === 'anywhere', "'form' or 'anywhere'"],
  spentTokens: [(value) => value === 'A' || value === 'B', "'A' or 'B'"],
  familyRevocation: [(value) => typeof value === 'boolean', 'a boolean'],
  requireCompanyHeader: [(value) => typeof value === 'boolean', 'a boolean'],
  redirectUris: [
    (value) => Array.isArray(value) && value.every((uri) => typeof uri === 'string' && URL.canParse(uri)),
    'an array of absolute URIs',
  ],
  rateLimits: [isRecord, 'an object of limits'],
  now: [(value) => typeof value === 'function', 'a function that returns milliseconds'],
};

/** Fills in the defaults (`undefined` never overrides one); throws a `TypeError` that names the wrong option. */
export function resolveOptions(options: EmulatorOptions): Required<EmulatorOptions> {
  if (!isRecord(options)) throw new TypeError(`startEmulator takes an object, got ${kindOf(options)}.`);
  for (const name of Object.keys(options)) {
    if (!Object.hasOwn(takes, name)) {
      throw new TypeError(`startEmulator: ${unknownName(name, Object.keys(takes))}`);
    }
  }
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  const resolved: Required<EmulatorOptions> = { ...defaults, ...given };
  for (const [name, [allowed, what]] of Object.entries(takes)) {
    const value: unknown = resolved[name as keyof EmulatorOptions];
    // The value itself stays out of the message: it may be the secret.
    if (!allowed(value)) throw new TypeError(`startEmulator: ${name} takes ${what}, got a ${typeof value}.`);
  }
  return resolved;
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value !== '';
}

function isBetween(value: unknown, least: number, most: number): boolean {
  return typeof value === 'number' && value >= least && value <= most;
}
