import { lastFailureOf } from '../attach/instance.js';
import type { Settings } from './cleaning.js';
import { withoutControls } from './colors.js';
import type { Io } from './io.js';
import type { Opened } from './opened.js';
import { momentOf, sentence } from './words.js';

/** A login host that works has answered by then. */
const shortMs = 2_000;

/** Something that is done at the login host. */
interface Doing {
  readonly account: string;
  /** In words: `Renewing the tokens`. */
  readonly text: string;
}

/**
 * Shows that something at the login host is waited for. Where that takes long, a line on standard error says what has failed, and until when
 * it may go on.
 */
export async function telling<T>(
  io: Io,
  settings: Settings,
  { instance, options }: Opened,
  { account, text }: Doing,
  work: () => Promise<T>,
): Promise<T> {
  const endsAt = new Date(io.env.now() + options.renewal.totalMs);
  const over = new AbortController();
  let done = io.waiting(text);
  const tell = () => {
    if (over.signal.aborted) return;
    const why =
      lastFailureOf(instance, account)?.message ??
      `it waits for the token store, or for ${options.environment.loginUrl}`;
    done();
    const until = momentOf(endsAt, io.env.now());
    const line = settings.clean(
      `${text} takes long, and may go on until ${until}, longer only where the token store is waited for: ${why}`,
    );
    io.err(`${withoutControls(sentence(line), false)}\n`);
    done = io.waiting(text);
  };
  void io.env.sleep(shortMs, { signal: over.signal, ref: false }).then(tell);
  try {
    return await work();
  } finally {
    over.abort();
    done();
  }
}
