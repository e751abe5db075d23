import type { AxiosRequestConfig, AxiosResponse } from 'axios';
import type { Env } from '../time/env.js';
import type { Dispatch } from './dispatch.js';

type Entrance = ((config: AxiosRequestConfig) => Promise<AxiosResponse>) & {
  [replaces]?: { adapter: unknown };
};

/** Found on the entrance by every copy of the package, so that a configuration that is used again never nests. */
const replaces = Symbol.for('axios-procore.replaces');
interface Watched {
  readonly config: AxiosRequestConfig;
  readonly entrance: Entrance;
  entered: boolean;
}
/** The order of an instance's interceptors hardly ever changes: so many calls prove it. */
const watchedCalls = 100;
/** A wrapper may look something up before it hands a call on. */
const wrapperMs = 1_000;

/**
 * The one interceptor on the application's instance: it puts the line's entrance into `config.adapter` and nothing else. What the call is
 * gets decided behind the entrance, where every interceptor of the application has had its say.
 */
export function createInstaller(deps: {
  env: Env;
  dispatch: Dispatch;
  /** An interceptor that runs later has put another adapter in. */
  bypassed: () => void;
}): (config: AxiosRequestConfig) => AxiosRequestConfig {
  let unproven = watchedCalls;
  let watched: Watched[] = [];
  /** Somebody wraps the entrance: what does not come through was answered on the way. */
  let wrapped = false;
  /** What has come through: a cache answers a second call for it, and bypasses nothing. */
  const known = new Set<string>();
  let suspicion: Promise<void> | undefined;

  function watch(call: Watched): void {
    unproven--;
    watched.push(call);
    if (watched.length > 1) return;
    // By then every interceptor that does not wait for something has run.
    void deps.env.sleep(0, { ref: false }).then(() => {
      const missing = watched.find(
        ({ config, entrance, entered }) =>
          !entered && config.adapter !== entrance && !known.has(nameOf(config)),
      );
      watched = [];
      if (missing) suspicion ??= confirm(missing);
    });
  }

  async function confirm(missing: Watched): Promise<void> {
    await deps.env.sleep(wrapperMs, { ref: false });
    suspicion = undefined;
    if (missing.entered || wrapped || unproven < 0) return;
    unproven = -1;
    deps.bypassed();
  }

  function entranceFor(adapter: unknown, entered?: (final: AxiosRequestConfig) => void): Entrance {
    const entrance: Entrance = (final) => {
      entered?.(final);
      const isUnwrapped = final.adapter === entrance;
      wrapped ||= !isUnwrapped;
      final.adapter = adapter as never;
      return deps.dispatch(final, adapter, isUnwrapped);
    };
    entrance[replaces] = { adapter };
    return entrance;
  }

  /** The entrance for the adapter that most calls have. */
  let usual: { readonly adapter: unknown; readonly entrance: Entrance } | undefined;

  function usualFor(adapter: unknown): Entrance {
    if (usual?.adapter !== adapter || !usual) usual = { adapter, entrance: entranceFor(adapter) };
    return usual.entrance;
  }

  function watchedFor(adapter: unknown, config: AxiosRequestConfig): Entrance {
    const entrance = entranceFor(adapter, (final) => {
      call.entered = true;
      if (unproven > 0) known.add(nameOf(final));
    });
    const call: Watched = { config, entrance, entered: false };
    watch(call);
    return entrance;
  }

  return (config) => {
    // An interceptor that returns nothing is for axios to complain of.
    if (!config) return config;
    const current: unknown = config.adapter;
    const adapter =
      typeof current === 'function' && replaces in current
        ? (current as Entrance)[replaces]?.adapter
        : current;
    // Not by assignment: a frozen configuration is refused by axios itself, and this must never throw.
    Reflect.set(config, 'adapter', unproven > 0 ? watchedFor(adapter, config) : usualFor(adapter));
    return config;
  };
}

function nameOf({ method, baseURL, url }: AxiosRequestConfig): string {
  return `${method} ${baseURL} ${url}`;
}
