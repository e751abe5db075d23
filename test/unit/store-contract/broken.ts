import { posix } from 'node:path';
import { memoryTokenStore } from '../../../src/store/memory.js';
import {
  isTokenStoreConflict,
  TokenStoreConflict,
  type LockRecord,
  type RenewalNotice,
  type RenewalNotices,
  type TokenSet,
} from '../../../src/store/store.js';
import type { Fleet, Spoil } from './fleet.js';

const revived = 'remove: a set that was removed is not brought back by a save that was to replace it';
const previousIsWrong =
  'save: with a wrong previous it saves, or rejects with TokenStoreConflict and changes nothing';

/** A store that breaks its word. */
export interface Broken {
  /** "A store that …" */
  defect: string;
  spoil: Spoil;
  /** All the tests that fail for it, and what they say. */
  failing: Record<string, RegExp>;
  /** It is so broken that others fail too. */
  andOthers?: boolean;
}

export const broken: readonly Broken[] = [
  {
    defect: 'makes up a set',
    spoil: ({ load }) => ({ load: async (account) => (await load(account)) ?? { access_token: '' } }),
    failing: {
      [revived]: /must give undefined or null; it gave an object with access_token$/,
      'load: an account that was never saved has nothing (undefined or null)':
        /must give undefined or null; it gave an object with access_token$/,
      'accounts: __proto__ and its like are names as any other':
        /"__proto__"\) must give a saved set or nothing/,
      'remove: the account is gone, for other processes too, and may come back': /after remove\(\) must give/,
    },
  },
  {
    defect: 'gives JSON texts',
    spoil: ({ load }) => ({
      load: async (account) => JSON.stringify((await load(account)) ?? null) as never,
    }),
    failing: { 'save: both tokens come back': /must give a token set, undefined or null; it gave a string$/ },
    andOthers: true,
  },
  {
    defect: 'forgets fields of the application',
    spoil: ({ save }) => ({
      save: (
        { access_token, refresh_token, token_type, scope, expires_in, created_at, expires_at },
        ...rest
      ) =>
        save({ access_token, refresh_token, token_type, scope, expires_in, created_at, expires_at }, ...rest),
    }),
    failing: {
      'save: fields that another process has changed stay as they are':
        /^load\(\) must show fields .*: "sync_cursor" is missing; "disabled" is missing$/,
      'save: fields of the application come back too':
        /^load\(\) after save\(\) must return every field that was saved: "note" is missing; "company_id" is/,
      'save: fields of the application may hold any text': /: "note" is missing; "marks" is missing;/,
    },
  },
  {
    defect: 'forgets when tokens expire',
    spoil: ({ save }) => ({ save: (tokens, ...rest) => save(without(tokens, ['expires_in']), ...rest) }),
    failing: {
      'save: type, scope and times come back as they went':
        /every field that was saved: "expires_in" is missing$/,
    },
  },
  {
    defect: 'makes up refresh tokens',
    spoil: ({ load }) => ({
      load: async (account) => {
        const set = await load(account);
        return set && { refresh_token: '', ...set };
      },
    }),
    failing: {
      'save: a set without a refresh token comes back without one':
        /must not make up a refresh token that was never saved: "refresh_token" is still there$/,
      'save: replaces the whole set': /"refresh_token" is still there$/,
    },
  },
  {
    defect: 'cuts long texts',
    spoil: ({ save }) => ({
      save: (tokens, ...rest) =>
        save({ ...tokens, access_token: tokens.access_token.slice(0, 255) }, ...rest),
    }),
    failing: {
      'save: long tokens come back whole':
        /"access_token" is "eyJ.*… \(257 characters\) \(string\), not "eyJ/,
    },
  },
  {
    defect: 'knows ASCII only',
    spoil: ({ save }) => ({
      save: (tokens, ...rest) =>
        save(JSON.parse(JSON.stringify(tokens).replace(/[^\x20-\x7e]/gu, '?')) as TokenSet, ...rest),
    }),
    failing: { 'save: fields of the application may hold any text': /"note" is "Z\?rich/ },
  },
  {
    defect: 'has columns of 32 bits',
    spoil: ({ save }) => ({
      save(tokens, ...rest) {
        if (Number(tokens.created_at) > 2 ** 31) throw new RangeError('integer out of range');
        return save(tokens, ...rest);
      },
    }),
    failing: {
      'save: times beyond 32 bits come back as numbers':
        /must resolve; it rejected with RangeError: integer out of range$/,
    },
  },
  {
    defect: 'gives numbers back as texts',
    spoil: ({ load }) => ({
      load: async (account) => {
        const set = await load(account);
        return set?.expires_at ? ({ ...set, expires_at: String(set.expires_at) } as never) : set;
      },
    }),
    failing: {
      'save: type, scope and times come back as they went':
        /: "expires_at" is "1700005400" \(string\), not 1700005400 \(number\)$/,
      'save: times beyond 32 bits come back as numbers':
        /: "expires_at" is "1893456000123" \(string\), not 1893456000123 \(number\)$/,
    },
  },
  {
    defect: 'merges sets instead of replacing them',
    spoil: ({ save }, { rows }) => ({
      save: (tokens, account, previous) => save({ ...rows.get(account), ...tokens }, account, previous),
    }),
    failing: {
      'save: replaces the whole set': /must replace the set that was there: "refresh_token", "note" is still/,
    },
  },
  {
    defect: 'remembers what it has read',
    spoil: ({ load, save, remove }) => {
      const seen = new Map<string, TokenSet | null>();
      return {
        async load(account) {
          if (!seen.has(account)) seen.set(account, (await load(account)) ?? null);
          return structuredClone(seen.get(account));
        },
        async save(tokens, account, previous) {
          await save(tokens, account, previous);
          seen.delete(account);
        },
        async remove(account) {
          await remove(account);
          seen.delete(account);
        },
      };
    },
    failing: {
      'save: fields that another process has changed stay as they are': /"sync_cursor" is "cursor-1"/,
      'lock: a load under it shows what the holder before has saved': /: "access_token" is "access-1"/,
      'save: is seen by other processes at once':
        /must return what another process has saved: load\(\) found noth/,
      'remove: the account is gone, for other processes too, and may come back':
        /after remove\(\) must work as for/,
    },
  },
  {
    defect: 'says nothing of every fortieth save, which it does not do',
    spoil: ({ save }) => ({
      save: (tokens, ...rest) => (tokens.access_token === 'access-40' ? undefined : save(tokens, ...rest)),
    }),
    failing: {
      'save: of many in a row, by several processes, the last one counts':
        /must return the set that was saved last: "access_token" is "access-39" \(string\), not "access-40"/,
      'accounts: a name may hold any character': /must return what was saved: load\(\) found nothing$/,
    },
  },
  {
    defect: 'gives out its own object',
    spoil: (_, { rows }) => ({ load: (account) => rows.get(account) }),
    failing: { 'load: what it gave may be changed without harm to the store': /must give a copy/ },
  },
  {
    defect: 'keeps the object that it was given',
    spoil: ({ save }, { rows }) => ({
      async save(tokens, account, previous) {
        await save(tokens, account, previous);
        rows.set(account, tokens);
      },
    }),
    failing: { 'save: what it took may be changed afterwards without harm to the store': /must keep a copy/ },
  },
  {
    defect: 'writes, and then speaks of a conflict',
    spoil: ({ save }, { rows }) => ({
      async save(tokens, account, previous) {
        try {
          await save(tokens, account, previous);
        } finally {
          rows.set(account, structuredClone(tokens));
        }
      },
    }),
    failing: {
      [revived]: /write nothing: load\(\) must give undefined or null/,
      [previousIsWrong]: /with TokenStoreConflict must change nothing: "access_token" is "access-2"/,
    },
  },
  {
    defect: 'says nothing of a conflict',
    spoil: ({ save }) => ({
      save: async (...set) => {
        try {
          await save(...set);
        } catch {
          // A defect.
        }
      },
    }),
    failing: { [previousIsWrong]: /save\(\) that resolves must have saved/ },
  },
  {
    defect: 'has another word for a conflict',
    spoil: ({ save }) => ({
      save: async (...set) => {
        try {
          await save(...set);
        } catch {
          throw new Error('stale');
        }
      },
    }),
    failing: {
      [revived]: /it rejected with Error: stale$/,
      [previousIsWrong]: /may reject with a TokenStoreConflict only; it rejected with Error: stale$/,
    },
  },
  {
    defect: 'compares every field with previous',
    spoil: ({ save }, { rows }) => ({
      save(tokens, account, previous) {
        if (JSON.stringify(rows.get(account)) !== JSON.stringify(previous)) throw new TokenStoreConflict();
        return save(tokens, account, previous);
      },
    }),
    failing: {
      'save: takes the set that load gave for the one that it replaces (previous)':
        /must resolve; it rejected with TokenStoreConflict/,
    },
  },
  {
    defect: 'has one row for all accounts',
    spoil: ({ load, save, remove }, { rows }) => ({
      load: () => load('one'),
      save: (tokens) => save(tokens, 'one', rows.get('one')),
      remove: () => remove('one'),
    }),
    failing: {
      'accounts: many at once do not mix': /^each account must have its own tokens \(account "contract-/,
      'accounts: upper and lower case are different accounts': /must not be one/,
      'accounts: a name may hold any character': /must be an account of its own/,
      'accounts: a name may be 500 characters long': /must not be one account/,
      'accounts: __proto__ and its like are names as any other': /whatever others are called/,
      'remove: other accounts stay': /must leave all other accounts as they are/,
    },
  },
  {
    defect: 'does not tell upper from lower case',
    spoil: ({ load, save, remove }) => ({
      load: (account) => load(account.toLowerCase()),
      save: (tokens, account, previous) => save(tokens, account.toLowerCase(), previous),
      remove: (account) => remove(account.toLowerCase()),
    }),
    failing: {
      'accounts: upper and lower case are different accounts':
        /must not be one \(account "[^"]+-acme"\): save/,
    },
  },
  {
    defect: 'trims names',
    spoil: ({ load, save, remove }) => ({
      load: (account) => load(account.trim()),
      save: (tokens, account, previous) => save(tokens, account.trim(), previous),
      remove: (account) => remove(account.trim()),
    }),
    failing: {
      'accounts: a name may hold any character':
        /^each name must be an account of its own \(account "[^"]+ "\)/,
    },
  },
  {
    defect: 'takes names for paths',
    spoil: ({ load, save, remove }) => ({
      load: (account) => load(posix.normalize(account)),
      save: (tokens, account, previous) => save(tokens, posix.normalize(account), previous),
      remove: (account) => remove(posix.normalize(account)),
    }),
    failing: { 'accounts: a name may hold any character': /^each name must be an account of its own/ },
  },
  {
    defect: 'cuts long names',
    spoil: ({ load, save, remove }) => ({
      load: (account) => load(account.slice(0, 255)),
      save: (tokens, account, previous) => save(tokens, account.slice(0, 255), previous),
      remove: (account) => remove(account.slice(0, 255)),
    }),
    failing: {
      'accounts: a name may be 500 characters long': /that differ at their end must not be one account/,
    },
  },
  {
    defect: 'keeps accounts in a bare object',
    spoil: (_, { table }) => ({
      load: (account) => table[account] && { ...table[account] },
      save: (tokens, account) => void (table[account] = { ...tokens }),
      remove: (account) => void delete table[account],
    }),
    failing: {
      'accounts: __proto__ and its like are names as any other':
        /^load\("__proto__"\) must give a saved set or nothing; it gave an object without access_token$/,
    },
  },
  {
    defect: 'removes everything',
    spoil: (_, { rows }) => ({ remove: () => rows.clear() }),
    failing: {
      'remove: other accounts stay': /must leave all other accounts as they are: load\(\) found nothing$/,
    },
  },
  {
    defect: 'removes nothing',
    spoil: () => ({ remove: () => undefined }),
    failing: {
      [revived]: /it resolved$/,
      'remove: the account is gone, for other processes too, and may come back':
        /after remove\(\) must give undefi/,
    },
  },
  {
    defect: 'removes only what is there',
    spoil: ({ remove }, { rows }) => ({
      remove(account) {
        if (!rows.has(account)) throw new Error('no such account');
        return remove(account);
      },
    }),
    failing: {
      'remove: an account that is not there is fine':
        /must resolve; it rejected with Error: no such account$/,
    },
  },
  {
    defect: 'has a lock that does not say how long it holds',
    spoil: () => ({ renewsLock: false }),
    failing: {
      'lock: says how long it holds (lockMs or renewsLock)': /must have lockMs .* or renewsLock: true$/,
    },
  },
  {
    defect: 'calls critical twice',
    spoil: ({ lock }) => ({
      lock: (account, critical, signal) =>
        lock(
          account,
          async (...held) => {
            const result = await critical(...held);
            await critical(...held).catch(() => undefined);
            return result;
          },
          signal,
        ),
    }),
    failing: {
      'lock: calls critical exactly once': /must call critical exactly once; it called it 2 times$/,
      'lock: lets one in at a time, of several processes and within one': /updates were lost$/,
    },
  },
  {
    defect: 'does not call critical',
    spoil: () => ({ lock: () => Promise.resolve() as Promise<never> }),
    failing: {
      'lock: calls critical exactly once': /it called it 0 times$/,
      'lock: is free again after critical, in this process and in others':
        /^lock\(\) must call critical; it resolved without$/,
    },
    andOthers: true,
  },
  {
    defect: 'loses the value',
    spoil: ({ lock }) => ({ lock: async (...call) => void (await lock(...call)) as never }),
    failing: {
      'lock: resolves with what critical returned': /^lock\(\) must resolve with what critical returned$/,
    },
  },
  {
    defect: 'wraps what critical threw',
    spoil: ({ lock }) => ({
      lock: (...call) =>
        lock(...call).catch((cause: unknown) => Promise.reject(new Error('failed', { cause }))),
    }),
    failing: {
      'lock: rejects with what critical threw': /with the very error that .*; it was Error: failed$/,
    },
  },
  {
    defect: 'swallows what critical threw',
    spoil: ({ lock }) => ({
      lock: (account, critical, signal) =>
        lock(account, (...held) => critical(...held).catch(() => undefined as never), signal),
    }),
    failing: { 'lock: rejects with what critical threw': /; it resolved$/ },
  },
  {
    defect: 'does not wait for critical',
    spoil: ({ lock }) => ({
      lock: (account, critical, signal) =>
        lock(
          account,
          async (...held) => {
            void critical(...held).catch(() => undefined);
            return undefined as never;
          },
          signal,
        ),
    }),
    failing: {
      'lock: does not settle before critical is done': /while critical was still running$/,
    },
    andOthers: true,
  },
  {
    defect: 'has a lock that excludes nobody',
    spoil: () => ({ lock: (_account, critical) => critical() }),
    failing: {
      'lock: lets one in at a time, of several processes and within one':
        /one in at a time; 8 were in at once$/,
      'lock: a wait that is aborted rejects soon, and never calls critical': /it resolved$/,
      'lock: a signal that has aborted before gets no lock': /it called critical$/,
      'lock: an abort that comes once critical runs changes nothing': /must stay held until critical is done/,
      'lost: aborts when the lock is gone, which others may have then': /must hand a signal to critical/,
      'lost: a holder whose lock is gone does not let a third one in':
        /must not release a lock that another has/,
    },
  },
  {
    defect: 'has a lock that excludes within one process only',
    spoil: () => {
      const { lock } = memoryTokenStore();
      return { lock: lock! };
    },
    failing: {
      'lock: lets one in at a time, of several processes and within one':
        /one in at a time; 4 were in at once$/,
      'lock: a wait that is aborted rejects soon, and never calls critical': /it resolved$/,
      'lock: an abort that comes once critical runs changes nothing': /must stay held until critical is done/,
      'record: what was written is read by the next holder, whoever it is':
        /^read\(\) must give 0a1b2c3d until/,
      'record: what was taken back is gone':
        /must give undefined after write\(undefined\) by another process/,
      'record: outlives a critical that threw': /^read\(\) must give 0a1b2c3d though critical threw/,
      'lost: aborts when the lock is gone, which others may have then': /must hand a signal to critical/,
      'lost: a holder whose lock is gone does not let a third one in':
        /must not release a lock that another has/,
      'lost: a holder whose lock is gone writes nothing into the record': /must give 0a1b2c3d which a holder/,
    },
  },
  {
    defect: 'has a lock that excludes other processes only',
    spoil: ({ lock }, { holders }) => {
      let held = 0;
      return {
        async lock(account, critical, signal) {
          if (held > 0 && holders.has(account)) return critical();
          return lock(
            account,
            async (...given) => {
              held++;
              try {
                return await critical(...given);
              } finally {
                held--;
              }
            },
            signal,
          );
        },
      };
    },
    failing: { 'lock: lets one in at a time, of several processes and within one': /were in at once$/ },
  },
  {
    defect: 'has one lock for all accounts',
    spoil: ({ lock }) => ({ lock: (_account, critical, signal) => lock('one', critical, signal) }),
    failing: {
      'lost: stands() is no longer true once the lock is gone': /must not give true when the lock is gone$/,
      'lock: different accounts do not wait for each other':
        /must not wait for the lock of another; nothing has/,
      'record: each account has its own': /^read\(\) must give undefined though another account has a record/,
      // The stage breaks the lock of the account, which is not the one that is held.
      'lost: aborts when the lock is gone, which others may have then': /^lost must abort soon/,
      'lost: a holder whose lock is gone does not let a third one in': /must call critical when nobody else/,
      'lost: a holder whose lock is gone writes nothing into the record': /it gave undefined$/,
    },
  },
  {
    defect: 'needs its lock for load',
    spoil: ({ load, lock }) => ({
      load: (account) => lock(account, async () => load(account), new AbortController().signal),
    }),
    failing: {
      'lock: a load under it shows what the holder before has saved': /; nothing has come of it in/,
      'lock: load and save work while it is held':
        /^load\(.*\) must resolve; nothing has come of it in 1200 ms$/,
    },
  },
  {
    defect: 'needs its lock for remove',
    spoil: ({ remove, lock }) => ({
      remove: (account) => lock(account, async () => remove(account), new AbortController().signal),
    }),
    failing: {
      'lock: remove works while it is held': /^remove\(.*\) must resolve; nothing has come of it in 1200 ms$/,
    },
  },
  {
    defect: 'does not release its lock after a throw',
    spoil: ({ lock }, { holders }) => ({
      async lock(account, critical, signal) {
        try {
          return await lock(account, critical, signal);
        } catch (error) {
          if (!signal.aborted) holders.set(account, { lost: new AbortController() });
          throw error;
        }
      },
    }),
    failing: {
      'lock: is free again after critical threw':
        /must call critical when nobody else has the lock; nothing has/,
      'record: outlives a critical that threw':
        /must call critical when nobody else has the lock; nothing has/,
    },
  },
  {
    defect: 'ignores the abort of a wait',
    spoil: ({ lock }) => ({
      lock(account, critical, signal) {
        signal.throwIfAborted();
        return lock(account, critical, new AbortController().signal);
      },
    }),
    failing: {
      'lock: a wait that is aborted rejects soon, and never calls critical':
        /^lock\(\) must reject soon after its sig/,
    },
  },
  {
    defect: 'rejects on abort, and calls critical all the same',
    spoil: ({ lock }) => ({
      lock(account, critical, signal) {
        signal.throwIfAborted();
        const locking = lock(account, critical, new AbortController().signal);
        return Promise.race([locking, aborted(signal)]);
      },
    }),
    failing: {
      'lock: a wait that is aborted rejects soon, and never calls critical':
        /must not call critical after its sign/,
      'lock: an abort that comes once critical runs changes nothing': /it rejected with AbortError/,
    },
  },
  {
    defect: 'rejects on abort, and goes on waiting for a lock that it never gives back',
    spoil: ({ lock }) => ({
      lock(account, critical, signal) {
        signal.throwIfAborted();
        let entered = false;
        const locking = lock(
          account,
          (...held) => {
            entered = true;
            return signal.aborted ? never() : critical(...held);
          },
          new AbortController().signal,
        );
        const left = aborted(signal).catch((reason: unknown) => (entered ? never() : Promise.reject(reason)));
        return Promise.race([locking, left]);
      },
    }),
    failing: {
      'lock: a wait that is aborted leaves the lock to others':
        /^lock\(.*\) must call critical when nobody else has the lock; nothing has come of it in 1200 ms$/,
    },
  },
  {
    defect: 'gives the lock to a wait that was aborted',
    spoil: ({ lock }, { holders }) => ({
      async lock(account, critical, signal) {
        try {
          return await lock(account, critical, signal);
        } catch (error) {
          if (signal.aborted && holders.has(account)) holders.set(account, { lost: new AbortController() });
          throw error;
        }
      },
    }),
    failing: {
      'lock: a wait that is aborted leaves the lock to others':
        /must call critical when nobody else has the lock/,
    },
  },
  {
    defect: 'does not look at a signal that has aborted',
    spoil: ({ lock }) => ({
      lock: (account, critical, signal) =>
        lock(account, critical, signal.aborted ? new AbortController().signal : signal),
    }),
    failing: { 'lock: a signal that has aborted before gets no lock': /; it called critical$/ },
  },
  {
    defect: 'speaks of a lost lock that is held',
    spoil: ({ lock }) => ({
      lock: (account, critical, signal) =>
        lock(account, (_lost, record) => critical(AbortSignal.timeout(20), record), signal),
    }),
    failing: {
      'lock: lost does not abort while the lock is held': /^lost must not abort while the lock is held$/,
    },
  },
  {
    defect: 'does not tell that its lock is lost',
    spoil: ({ lock }) => ({
      lock: (account, critical, signal) =>
        lock(account, (_lost, record) => critical(new AbortController().signal, record), signal),
    }),
    failing: {
      'lost: aborts when the lock is gone, which others may have then':
        /^lost must abort soon after the lock is gone/,
    },
  },
  {
    defect: 'releases a lock that another has',
    spoil: ({ lock }, { holders }) => ({
      lock: (...call) => lock(...call).finally(() => holders.delete(call[0])),
    }),
    failing: {
      'lost: a holder whose lock is gone does not let a third one in':
        /^the end of critical must not release a lock that another has by then$/,
    },
  },
  {
    defect: 'lets a holder write that has lost its lock',
    spoil: ({ lock }, { records }) => ({
      lock: (account, critical, signal) =>
        lock(
          account,
          (lost, record) =>
            critical(lost, {
              read: record!.read,
              write: async (text) => void (text ? records.set(account, text) : records.delete(account)),
            }),
          signal,
        ),
    }),
    failing: {
      'lost: a holder whose lock is gone writes nothing into the record':
        /^read\(\) must give 0a1b2c3d which a holder that has lost the lock must not take back; it gave undefined$/,
    },
  },
  {
    defect: 'has a record that does not outlive the lock',
    spoil: ({ lock }, { records }) => ({
      lock: (...call) => lock(...call).finally(() => records.delete(call[0])),
    }),
    failing: {
      'record: what was written is read by the next holder, whoever it is':
        /must give 0a1b2c3d until it is taken/,
      'record: outlives a critical that threw': /must give 0a1b2c3d though critical threw/,
      'record: each account has its own':
        /must give 11111111 whatever another account has written; it gave undef/,
      'record: is none of the tokens, nor replaced with them':
        /must give 0a1b2c3d whatever is saved meanwhile/,
      'lost: a holder whose lock is gone writes nothing into the record':
        /must not take back; it gave undefined$/,
    },
  },
  {
    defect: 'has a record that holds something from the beginning',
    spoil: ({ lock }) => ({
      lock: (account, critical, signal) =>
        lock(
          account,
          (lost, record) =>
            critical(lost, { read: async () => (await record!.read()) ?? '', write: record!.write }),
          signal,
        ),
    }),
    failing: {
      'record: empty until something is written':
        /^read\(\) must give undefined where nothing was written; it gave $/,
      'record: what was taken back is gone': /must give undefined after write\(undefined\); it gave $/,
      'record: each account has its own':
        /must give undefined though another account has a record; it gave $/,
    },
  },
  {
    defect: 'has a record that cannot be taken back',
    spoil: ({ lock }) => ({
      lock: (account, critical, signal) =>
        lock(
          account,
          (lost, record) =>
            critical(lost, {
              read: record!.read,
              write: async (text) => text && record!.write(text),
            } as LockRecord),
          signal,
        ),
    }),
    failing: {
      'record: what was taken back is gone':
        /^read\(\) must give undefined after write\(undefined\); it gave 0a1b2c3d$/,
    },
  },
  {
    defect: 'keeps the record among the tokens',
    spoil: ({ lock }, { rows }) => ({
      lock: (account, critical, signal) =>
        lock(
          account,
          (lost) =>
            critical(lost, {
              read: async () => rows.get(account)?.['refreshing'] as string | undefined,
              write: async (text) =>
                void rows.set(account, { ...(rows.get(account) as TokenSet), refreshing: text }),
            }),
          signal,
        ),
    }),
    failing: {
      'record: is none of the tokens, nor replaced with them':
        /must give 0a1b2c3d whatever is saved meanwhile; it gave undefined$/,
      'lost: a holder whose lock is gone writes nothing into the record':
        /must not take back; it gave undefined$/,
    },
  },
  {
    defect: 'writes behind, so that an older set lands on a newer one',
    spoil: ({ save }, { rows }) => ({
      async save(tokens, account, previous) {
        await save(tokens, account, previous);
        // Of one set only, so that it does not depend on how long the other tests take.
        if (tokens.access_token === 'access-51') setTimeout(() => rows.set(account, tokens), 10);
      },
    }),
    failing: {
      'save: a set that was replaced does not come back later':
        /^an older set must not be written again.*: "access_token" is "access-51" \(string\), not "access-52"/,
    },
  },
  {
    defect: 'puts back the fields that it has read first',
    spoil: ({ load, save }) => {
      const seen = new Map<string, Partial<TokenSet>>();
      return {
        async load(account) {
          const set = await load(account);
          if (set && !seen.has(account)) seen.set(account, without(set, ['access_token', 'refresh_token']));
          return set;
        },
        save: (tokens, account, previous) => save({ ...tokens, ...seen.get(account) }, account, previous),
      };
    },
    failing: {
      'save: fields that another process has changed stay as they are':
        /^save\(\) must write what it is given.*: "sync_cursor" is "cursor-1" .*; "disabled" is false/,
    },
  },
  {
    defect: 'reads a set anew only when its tokens are others',
    spoil: ({ load }) => {
      const seen = new Map<string, TokenSet>();
      return {
        async load(account) {
          const set = await load(account);
          const known = seen.get(account);
          if (known && known.access_token === set?.access_token) return structuredClone(known);
          if (set) seen.set(account, structuredClone(set));
          return set;
        },
      };
    },
    failing: {
      'save: fields that another process has changed stay as they are':
        /^load\(\) must show fields that another process has changed: "sync_cursor" is "cursor-1"/,
    },
  },
  {
    defect: 'changes what it has in memory before it writes',
    spoil: ({ save }) => ({
      async save(tokens, account, previous) {
        await save(tokens, account, previous);
        JSON.stringify(tokens);
      },
    }),
    failing: {
      'save: a set that it rejects is not what load gives':
        /^load\(\) after a save\(\) that rejected must give the set before: "access_token" is "access-2"/,
    },
  },
  {
    defect: 'writes nothing any more after a save that it has rejected',
    spoil: ({ save }) => {
      let tail: Promise<unknown> = Promise.resolve();
      return {
        save(tokens, account, previous) {
          const text = () => JSON.stringify(tokens);
          const own = tail.then(() => save(JSON.parse(text()) as TokenSet, account, previous));
          tail = own;
          return own.catch((error: unknown) => {
            if (isTokenStoreConflict(error)) tail = Promise.resolve();
            throw error;
          });
        },
      };
    },
    failing: {
      'save: a set that it rejects is not what load gives':
        /^save\(.*\) must resolve; it rejected with TypeError: /,
    },
  },
  {
    defect: 'compares, and inserts where nothing is there to be replaced',
    spoil: ({ save }, { rows }) => ({
      save: (tokens, account, previous) => save(tokens, account, rows.has(account) ? previous : undefined),
    }),
    failing: {
      [revived]:
        /^save\(\) with a previous that was removed must reject with a TokenStoreConflict, .*; it resolved$/,
    },
  },
  {
    defect: 'brings a removed set back, and then speaks of a conflict',
    spoil: ({ save }, { rows }) => ({
      async save(tokens, account, previous) {
        if (previous && !rows.has(account)) rows.set(account, structuredClone(tokens));
        return save(tokens, account, previous);
      },
    }),
    failing: {
      [revived]: /write nothing: load\(\) must give undefined or null; it gave an object/,
    },
  },
  {
    defect: 'has another word for a set that was removed',
    spoil: ({ save }, { rows }) => ({
      async save(tokens, account, previous) {
        if (previous && !rows.has(account)) throw new Error('no such row');
        return save(tokens, account, previous);
      },
    }),
    failing: {
      [revived]: /must reject with a TokenStoreConflict, .*; it rejected with Error: no such row$/,
    },
  },
  {
    defect: 'sees under its lock what was there when it began to wait for it',
    spoil: ({ load, save, lock }) => {
      const snapshots = new Map<string, TokenSet | null | undefined>();
      return {
        load: async (account) =>
          snapshots.has(account) ? structuredClone(snapshots.get(account)) : load(account),
        save(tokens, account, previous) {
          snapshots.delete(account);
          return save(tokens, account, previous);
        },
        async lock(account, critical, signal) {
          const snapshot = await load(account);
          return lock(
            account,
            (...held) => {
              snapshots.set(account, snapshot);
              return critical(...held).finally(() => snapshots.delete(account));
            },
            signal,
          );
        },
      };
    },
    failing: {
      'lock: a load under it shows what the holder before has saved':
        /^load\(\) under the lock must show the last save .*: "access_token" is "access-1" \(string\), not "access-2"/,
    },
  },
  {
    defect: 'says of a lock that is held that it does not stand',
    spoil: standing(async () => false),
    failing: {
      'record: stands() is true for as long as the lock is held':
        /^stands\(\) of the record must give true while the lock is held; it gave false$/,
      'lost: stands() is no longer true once the lock is gone': /must give true while the lock is held/,
    },
  },
  {
    defect: 'remembers that its lock stood',
    spoil: standing(async () => true),
    failing: {
      'lost: stands() is no longer true once the lock is gone':
        /^stands\(\) of the record must not give true when the lock is gone$/,
    },
  },
  {
    defect: 'tells of renewals though nobody hears it',
    spoil: ({ notices: { announce, ...notices } }) => ({
      notices: {
        ...notices,
        announce: async (...announced) =>
          (await announce(...announced)) ?? { finished: Promise.resolve(), over: async () => undefined },
      },
    }),
    failing: {
      'notices: where nobody listens, nobody is waited for':
        /^announce\(\) must resolve with undefined where nobody listens$/,
    },
  },
  {
    defect: 'never tells that a renewal is over',
    spoil: ({ notices: { announce, ...notices } }) => ({
      notices: {
        ...notices,
        async announce(...announced) {
          const announcement = await announce(...announced);
          return announcement && { ...announcement, over: async () => undefined };
        },
      },
    }),
    failing: {
      'notices: a listener hears of the account, is waited for, and hears that it is over':
        /^over must resolve soon after over\(\) of its announcement has been called; nothing/,
    },
  },
  {
    defect: 'waits for the quickest listener only',
    spoil: (_store, { ears }) => ({ notices: withListeners(ears, (calls) => Promise.race(calls)) }),
    failing: {
      'notices: all listeners are waited for, but none that has left':
        /^finished must not resolve before every listener has finished$/,
      'notices: a listener whose calls do not finish is waited for no longer than announced':
        /^finished must resolve after about maxMs; nothing/,
    },
  },
  {
    defect: 'waits for its listeners for as long as they like',
    spoil: (_store, { ears }) => ({ notices: withListeners(ears, (calls) => Promise.all(calls)) }),
    failing: {
      'notices: a listener whose calls do not finish is waited for no longer than announced':
        /^finished must resolve after about maxMs; nothing/,
    },
  },
  {
    defect: 'hears what it announces itself',
    spoil: ({ notices }, { ears }) => ({
      notices: { ...notices, listen: (heard) => hearingAll(ears, heard) },
    }),
    failing: {
      'notices: a listener does not hear what its own store object announces':
        /^heard\(\) must not be called with announcements of its own store object/,
    },
  },
];

/** Notices whose `finished` is what `wait` makes of all listeners. */
function withListeners(
  ears: Fleet['ears'],
  wait: (calls: Promise<void>[]) => Promise<unknown>,
): RenewalNotices {
  const self = {};
  const others = () => [...ears].filter(([, owner]) => owner !== self).map(([heard]) => heard);
  return {
    async announce(account) {
      if (others().length === 0) return undefined;
      let end = () => {};
      const over = new Promise<void>((resolve) => (end = resolve));
      return { finished: wait(others().map((heard) => heard({ account, over }))), over: async () => end() };
    },
    listen(heard) {
      ears.set(heard, self);
      return () => void ears.delete(heard);
    },
    isHeard: async () => others().length > 0,
  };
}

/** Listens as if it were nobody's own. */
function hearingAll(ears: Fleet['ears'], heard: (notice: RenewalNotice) => Promise<void>): () => void {
  ears.set(heard, {});
  return () => void ears.delete(heard);
}

/** A record that answers by itself whether the lock stands. */
function standing(stands: () => Promise<boolean>): Spoil {
  return ({ lock }) => ({
    lock: (account, critical, signal) =>
      lock(account, (lost, record) => critical(lost, { ...record!, stands }), signal),
  });
}

function without(tokens: TokenSet, names: readonly string[]): TokenSet {
  return Object.fromEntries(Object.entries(tokens).filter(([name]) => !names.includes(name))) as TokenSet;
}

function never(): Promise<never> {
  return new Promise(() => {});
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}
