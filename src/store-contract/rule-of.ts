import { ruleNamed, type StoreRule } from '../store/rules.js';

/** Which rule a test is about, by the beginning of its name; the first that fits. */
const rules: readonly (readonly [beginning: string, rule: StoreRule])[] = [
  ['accounts:', 'account'],
  ['remove: other accounts', 'account'],
  ['remove:', 'gone'],
  ['load: an account that was never saved', 'account'],
  ['save: both tokens', 'keeps'],
  ['save: is seen by other processes', 'keeps'],
  ['save: of many in a row', 'keeps'],
  ['save: takes the set that load gave', 'keeps'],
  ['save: with a wrong previous', 'rejected'],
  ['lock: load and save work', 'fresh'],
  ['save:', 'whole'],
  ['load:', 'whole'],
];

/** The rule that a store breaks which fails this test, as messages name it; of a lock, where it is described. */
export function ruleOf(name: string): string {
  const rule = rules.find(([beginning]) => name.startsWith(beginning))?.[1];
  return rule === undefined ? 'section "lock" of docs/stores.md' : ruleNamed(rule);
}
