import { checkParts, isRecord, isWhole, optional, type Takes } from './checks.js';
import type { Fault, FaultAction } from './fault-types.js';

const isText = (value: unknown) => typeof value === 'string';
const targets = ['token', 'revoke', 'info', 'authorize', 'api'];

const faultParts: Record<keyof Fault, Takes> = {
  on: [
    (value) => targets.includes(value as string) || typeof value === 'function',
    `${targets.map((target) => `'${target}'`).join(', ')}, or a function of the request`,
  ],
  times: optional([(value) => value === Infinity || isWhole(value, 0), 'a whole number from 0, or Infinity']),
  after: optional([(value) => typeof value === 'boolean', 'a boolean']),
  do: [isRecord, 'an object with a kind'],
};

const headers: Takes = [
  (value) => isRecord(value) && Object.values(value).every(isText),
  'an object of strings',
];
const body: Takes = [
  (value) => isText(value) || (typeof value === 'object' && value !== null),
  'a string or an object',
];
/** What each kind takes besides its name. */
const actionParts: {
  [K in FaultAction['kind']]: Record<Exclude<keyof Extract<FaultAction, { kind: K }>, 'kind'>, Takes>;
} = {
  drop: {},
  answer: {
    status: [(value) => isWhole(value, 200, 599), 'a whole number from 200 to 599'],
    headers: optional(headers),
    body: optional(body),
  },
  delay: { ms: [(value) => typeof value === 'number' && value >= 0, 'milliseconds from 0'] },
  hang: {},
  hold: {},
  cut: {},
  redirect: {
    location: [isText, 'a string'],
    status: optional([(value) => isWhole(value, 300, 399), 'a whole number from 300 to 399']),
  },
};
const kinds = Object.keys(actionParts);

/** @throws TypeError that names what is wrong with a fault. */
export function checkFault(fault: Fault): void {
  checkParts('misbehave', fault, faultParts);
  const { kind, ...rest } = fault.do;
  if (!kinds.includes(kind))
    throw new TypeError(`misbehave: do.kind names no fault; known are ${kinds.join(', ')}.`);
  checkParts(`misbehave: do (${kind})`, rest, actionParts[kind]);
}
