/** The rules for stores, with their titles in `docs/stores.md`. Messages name the rule that a store has broken. */
const storeRules = {
  keeps: 'Keep what a save resolves for',
  account: 'One set for each account',
  whole: 'Whole sets, unchanged',
  fresh: 'Fresh under the lock',
  gone: 'What was deleted stays deleted',
  columns: 'Leave other columns alone',
  rejected: 'A rejected save is no save',
} as const;

/** The key of a rule. */
export type StoreRule = keyof typeof storeRules;

/** The name of a rule in messages. */
export function ruleNamed(rule: StoreRule): string {
  return `rule "${storeRules[rule]}" of docs/stores.md`;
}
