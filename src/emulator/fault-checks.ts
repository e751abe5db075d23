import { check, isObject, isWhole, switched, type Field, type Fields } from './checks.js';
import type { Fault, FaultAction } from './fault-types.js';

const isText = (value: unknown) => typeof value === 'string';
const targets = ['token', 'revoke', 'info', 'authorize', 'api', 'storage'];

const faultFields: Record<keyof Fault, Field> = {
  on: [
    (value) => targets.includes(value as string) || typeof value === 'function',
    `${targets.map((target) => `'${target}'`).join(', ')}, or a function of the request`,
  ],
  times: [(value) => value === Infinity || isWhole(value, 0), 'a whole number from 0, or Infinity'],
  after: switched,
  beforeTokenCheck: switched,
  do: [isObject, 'an object with a kind'],
};

const headers: Field = [
  (value) => isObject(value) && Object.values(value).every(isText),
  'an object of strings',
];
const body: Field = [
  (value) => isText(value) || (typeof value === 'object' && value !== null),
  'a string or an object',
];
/** The checks of the properties of each kind of fault. */
const actionFields: {
  [K in FaultAction['kind']]: Fields & {
    known: Record<Exclude<keyof Extract<FaultAction, { kind: K }>, 'kind'>, Field>;
  };
} = {
  drop: { known: {} },
  answer: {
    known: {
      status: [(value) => isWhole(value, 200, 599), 'a whole number from 200 to 599'],
      headers,
      body,
    },
    needed: ['status'],
  },
  delay: {
    known: { ms: [(value) => typeof value === 'number' && value >= 0, 'milliseconds from 0'] },
    needed: ['ms'],
  },
  hang: { known: {} },
  hold: { known: {} },
  cut: { known: {} },
  redirect: {
    known: {
      location: [isText, 'a string'],
      status: [(value) => isWhole(value, 300, 399), 'a whole number from 300 to 399'],
    },
    needed: ['location'],
  },
};
const kinds = Object.keys(actionFields);

/** @throws TypeError that names what is wrong with a fault. */
export function checkFault(fault: Fault): void {
  check('misbehave', fault, { known: faultFields, needed: ['on', 'do'] });
  const { kind, ...rest } = fault.do;
  if (!kinds.includes(kind))
    throw new TypeError(`misbehave: option "do.kind" names no fault; known are ${kinds.join(', ')}.`);
  check('misbehave', rest, actionFields[kind], 'do.');
}
