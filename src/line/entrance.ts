import type { AxiosRequestConfig, AxiosResponse } from 'axios';
import type { Env } from '../time/env.js';
import type { Dispatch } from './dispatch.js';

type Entrance = ((config: AxiosRequestConfig) => Promise<AxiosResponse>) & {
  [replaces]?: { adapter: unknown };
};

/** The key, on an entrance, of the adapter that it replaces. Every copy of the package knows it, so that entrances are never nested. */
const replaces = Symbol.for('axios-procore.replaces');
interface Watched {
  readonly config: AxiosRequestConfig;
  readonly entrance: Entrance;
  entered: boolean;
}
/** How many calls are watched. The order of an instance's interceptors hardly ever changes after that. */
const watchedCalls = 100;
/** How long a wrapper of the adapter may take before it calls the entrance. */
const wrapperMs = 1_000;

/**
 * Creates the one interceptor on the application's instance: it puts the line's entrance into `config.adapter` and does nothing else. What
 * kind of call it is, is decided behind the entrance, when every interceptor of the application has run.
 */
export function createInstaller(deps: {
  env: Env;
  dispatch: Dispatch;
  /** Called when an interceptor that runs later has replaced the adapter. */
  bypassed: () => void;
}): (config: AxiosRequestConfig) => AxiosRequestConfig {
  let unproven = watchedCalls;
  let watched: Watched[] = [];
  /** Whether the application wraps the entrance in an adapter of its own, which may answer calls itself. */
  let wrapped = false;
  /** The calls that have come through. If a cache answers a second call of the same name, that is no bypass. */
  const known = new Set<string>();
  let suspicion: Promise<void> | undefined;

  function watch(call: Watched): void {
    unproven--;
    watched.push(call);
    if (watched.length > 1) return;
    // After that every interceptor has run that does not wait for something.
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
    // An earlier interceptor has returned nothing: axios itself complains of that.
    if (!config) return config;
    const current: unknown = config.adapter;
    const adapter =
      typeof current === 'function' && replaces in current
        ? (current as Entrance)[replaces]?.adapter
        : current;
    // By `Reflect.set`, because an assignment to a frozen configuration would throw; axios itself refuses such a one.
    Reflect.set(config, 'adapter', unproven > 0 ? watchedFor(adapter, config) : usualFor(adapter));
    return config;
  };
}

function nameOf({ method, baseURL, url }: AxiosRequestConfig): string {
  return `${method} ${baseURL} ${url}`;
}
