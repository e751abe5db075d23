import { createSerialQueue } from '../../src/time/serial.js';
import type { RenewalNotice, RenewalNotices, TokenStore } from '../../src/store/store.js';
import { createTestStore, type TestStore } from './harness.js';

type Heard = (notice: RenewalNotice) => Promise<void>;

/** Processes that share the tokens of a test store, with a lock and notices between them, all in one process and in no time. */
export interface Hub {
  /** The store of another process. */
  join(): TestStore & Pick<TokenStore, 'notices'>;
  /** So many listen. */
  readonly listening: number;
  /** What has happened: accounts that were announced, and those whose renewal was told to be over. */
  readonly log: string[];
  /** What becomes of a message. */
  onSend: ((kind: 'begins' | 'over', account: string) => Promise<boolean> | boolean) | undefined;
  /** How often it was asked whether anybody listens. */
  asked: number;
}

export function createHub(store: TestStore): Hub {
  const ears = new Map<Heard, object>();
  const { inTurn } = createSerialQueue();
  const hub: Hub = {
    log: [],
    onSend: undefined,
    asked: 0,
    get listening() {
      return ears.size;
    },
    join() {
      const self = {};
      const others = () => [...ears].filter(([, owner]) => owner !== self).map(([heard]) => heard);
      const notices: RenewalNotices = {
        async announce(account) {
          hub.log.push(`begins ${account}`);
          if ((await hub.onSend?.('begins', account)) === false || others().length === 0) return undefined;
          let end = () => {};
          const over = new Promise<void>((resolve) => (end = resolve));
          const finished = Promise.all(others().map((heard) => heard({ account, over })));
          return {
            finished,
            async over() {
              hub.log.push(`over ${account}`);
              if ((await hub.onSend?.('over', account)) !== false) end();
            },
          };
        },
        listen(heard) {
          const own: Heard = (notice) => heard(notice);
          ears.set(own, self);
          return () => void ears.delete(own);
        },
        async isHeard() {
          hub.asked++;
          return others().length > 0;
        },
      };
      return Object.assign(createTestStore(), {
        sets: store.sets,
        lock: <T>(_account: string, critical: () => Promise<T>) => inTurn(critical),
        renewsLock: true,
        readsAreFresh: true,
        notices,
      });
    },
  };
  return hub;
}
