import type { RenewalNotice, RenewalNotices } from '../store/store.js';
import type { InContext } from '../time/async-context.js';
import type { Env } from '../time/env.js';
import type { Server } from '../token/source.js';
import type { Settings } from '../options/options.js';

/** The time in milliseconds in which one question is enough, whichever accounts are loaded meanwhile. */
const askAgainMs = 10_000;

/**
 * Whether the server of one client invalidates the old access token at a refresh, and what follows where it does: notices of other processes
 * are listened to. Only then, because a store may need a connection of its own for that.
 */
export interface Listening {
  /** As one attach sees it; from now on it may listen. */
  of(drain: Settings['renewal']['drain'], inContext: InContext): Server;
  /** The last attach has gone: calls are not held any longer, and nothing is listened to. */
  stop(): void;
  /** Another store has taken the place of the one before. */
  moved(): void;
}

/** Creates it, with nothing seen of the server. */
export function createListening(deps: {
  env: Env;
  notices: () => RenewalNotices | undefined;
  /** Another process is about to replace the access token of this account. Resolves when its calls have finished. */
  announced: (account: string, over: Promise<void>) => Promise<void>;
}): Listening {
  const { env } = deps;
  let invalidatesOld = false;
  let isAttached = false;
  let lastAskedMs = -Infinity;
  let running: { readonly ear: Ear; readonly end: () => void; readonly inContext: InContext } | undefined;

  function start(inContext: InContext): void {
    const notices = deps.notices();
    if (running || !notices || !isAttached) return;
    let stopped = () => {};
    const until = new Promise<void>((resolve) => (stopped = resolve));
    const ear: Ear = {
      async heard({ account, over }) {
        if (running?.ear !== ear) return;
        const told = Promise.resolve(over).catch(() => undefined);
        await inContext(() => deps.announced(account, Promise.race([told, until])));
      },
    };
    const own = { ear, end: () => {}, inContext };
    running = own;
    try {
      const leave = inContext(() => listenWeakly(notices, ear));
      own.end = () => {
        stopped();
        leave();
      };
    } catch {
      // Without notices the server's 401s are replayed, as if the store had none.
    }
  }

  function stop(): void {
    const before = running;
    running = undefined;
    try {
      before?.end();
    } catch {
      // A store that goes on listening is not heard any more, and must not keep a detach from its end.
    }
  }

  async function ask(inContext: InContext): Promise<void> {
    lastAskedMs = env.now();
    const isHeard = await deps.notices()?.isHeard();
    if (isHeard !== true) return;
    invalidatesOld = true;
    start(inContext);
  }

  return {
    of(drain, inContext) {
      isAttached = true;
      return {
        get invalidatesOld() {
          return invalidatesOld;
        },
        foundInvalidating() {
          invalidatesOld = true;
          if (drain !== false) start(inContext);
        },
        ask(isNews) {
          if (drain === false || running || !isAttached) return;
          if (drain === true || invalidatesOld) return start(inContext);
          if (!isNews && Math.abs(env.now() - lastAskedMs) < askAgainMs) return;
          inContext(() => void ask(inContext).catch(() => undefined));
        },
      };
    },
    stop() {
      isAttached = false;
      stop();
    },
    moved() {
      if (!running) return;
      const { inContext } = running;
      stop();
      start(inContext);
    },
  };
}

interface Ear {
  heard(notice: RenewalNotice): Promise<void>;
}

/**
 * Listens for as long as somebody else keeps the ear, because a connection that listens must not keep alive the accounts of an application
 * that has dropped its instance and its store without a detach.
 */
function listenWeakly(notices: RenewalNotices, ear: Ear): () => void {
  const ref = new WeakRef(ear);
  const leave = notices.listen(async (notice) => {
    const own = ref.deref();
    // A store that does not look at the promise must not end the process by what it has told.
    if (own) await own.heard(notice).catch(() => undefined);
    else leave();
  });
  return leave;
}
