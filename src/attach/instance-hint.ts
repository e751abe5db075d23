import { isClass, isPromise } from '../text/words.js';

/** Advice for a value that is no axios instance, where it shows which mistake was made. */
export function instanceHint(value: unknown): string {
  if (isPromise(value)) return 'Await it first.';
  if (isClass(value)) return 'This is a class: give what axios.create() returns.';
  if (typeof value === 'function') return 'Where it makes an instance, call it: axios.create().';
  if (typeof value !== 'object' || value === null)
    return 'Is the instance made, and exported, before this runs?';
  const { default: inner, axiosRef } = value as { default?: unknown; axiosRef?: unknown };
  if (isInstance(inner) || isInstance((inner as { default?: unknown } | undefined)?.default))
    return "This is the namespace of a module (import * as axios): take its default, import axios from 'axios'.";
  if (isInstance(axiosRef)) return 'For an HttpService of Nest give its axiosRef.';
  if ('clientId' in value) return 'The options come second: attachProcore(instance, options).';
  if (['baseURL', 'headers', 'timeout'].some((name) => name in value))
    return 'This is a configuration: give axios.create(configuration).';
  return 'Make one with axios.create().';
}

/** Whether request interceptors can be registered on the value. */
export function isInstance(value: unknown): boolean {
  const { interceptors } = (value ?? {}) as { interceptors?: { request?: { use?: unknown } } };
  return typeof interceptors?.request?.use === 'function';
}
