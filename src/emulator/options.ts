import { wrongIn } from '../text/fields.js';
import { check, isObject, isWhole, oneOf, seconds, switched, type Field } from './checks.js';
import { isRouteName } from './own-routes.js';
import { rateLimitFields } from './rate-options.js';
import type { EmulatorOptions } from './types.js';

/** Options that are absent unless they are given. */
type Optional = 'companies';
/** The options with their defaults filled in. */
export type Settings = Required<Omit<EmulatorOptions, Optional>> & Pick<EmulatorOptions, Optional>;

const defaults: Settings = Object.freeze({
  host: '127.0.0.1',
  port: 0,
  storagePort: 0,
  clientId: 'emulator-client',
  clientSecret: 'emulator-secret',
  accessTokenLifetimeSeconds: 5400,
  tokenFields: 'form',
  spentTokens: 'A',
  familyRevocation: false,
  requireCompanyHeader: true,
  redirectUris: [],
  rateLimits: {},
  routes: {},
  maxLogEntries: 10_000,
  now: Date.now,
});

const text: Field = [(value) => typeof value === 'string' && value !== '', 'a non-empty string'];
const port: Field = [(value) => isWhole(value, 0, 65_535), 'a port number, or 0 for a free one'];
const isId = (value: unknown) => isWhole(value, 1) || (typeof value === 'string' && /^[1-9]\d*$/.test(value));
const id: Field = [isId, 'an id: a whole number from 1, or its digits'];

/** A list of objects, each with these properties. */
function listOf(known: Readonly<Record<string, Field>>): Field {
  const isRight = (value: unknown) =>
    isObject(value) && wrongIn('', value, { known, needed: ['id'] }) === undefined;
  return [
    (value) => Array.isArray(value) && value.every(isRight),
    `an array of objects with ${Object.keys(known).join(', ')}`,
  ];
}

const fields: Record<keyof EmulatorOptions, Field> = {
  host: text,
  port,
  storagePort: port,
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
  routes: [
    (value) => isObject(value) && Object.entries(value).every(isRoute),
    "an object of functions by method and path, such as 'GET /rest/v1.0/projects/:project_id/meetings'",
  ],
  companies: listOf({ id, name: text, projects: listOf({ id, name: text }) }),
  maxLogEntries: [(value) => isWhole(value, 1) || value === Infinity, 'a whole number from 1, or Infinity'],
  now: [(value) => typeof value === 'function', 'a function that returns milliseconds'],
};

function isRoute([name, handler]: [string, unknown]): boolean {
  return isRouteName(name) && typeof handler === 'function';
}

/** Fills in the defaults (`undefined` never overrides one); throws a `TypeError` that names the wrong option. */
export function resolveOptions(options: EmulatorOptions): Settings {
  check('startEmulator', options, { known: fields });
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  return { ...defaults, ...Object.fromEntries(given) };
}
