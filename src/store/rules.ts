/** The rules that a store keeps to, as `docs/stores.md` words them: messages name the one that is broken. */
export const storeRules = {
  keeps: 'Keep what a save resolves for',
  account: 'One set for each account',
  whole: 'Whole sets, unchanged',
  fresh: 'Fresh under the lock',
  gone: 'What was deleted stays deleted',
  columns: 'Leave other columns alone',
  rejected: 'A rejected save is no save',
} as const;

/** Names one of the rules. */
export type StoreRule = keyof typeof storeRules;

/** A broken rule as messages name it. */
export function ruleNamed(rule: StoreRule): string {
  return `rule "${storeRules[rule]}" of docs/stores.md`;
}
