import type { AxiosRequestConfig, AxiosResponse } from 'axios';
import type { Env } from './env.js';

type Dispatch = (config: AxiosRequestConfig, original: unknown) => Promise<AxiosResponse>;
type Entrance = ((config: AxiosRequestConfig) => Promise<AxiosResponse>) & {
  [replaces]?: { adapter: unknown };
};

/** Found on the entrance by every copy of the package, so that a configuration that is used again never nests. */
const replaces = Symbol.for('axios-procore.replaces');
/** The order of an instance's interceptors hardly ever changes: so many calls prove it. */
const watchedCalls = 100;

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
  let watched: { config: AxiosRequestConfig; entrance: Entrance; entered: boolean }[] = [];

  function watch(call: (typeof watched)[number]): void {
    unproven--;
    watched.push(call);
    if (watched.length > 1) return;
    // By then every interceptor that does not wait for something has run.
    void deps.env.sleep(0, { ref: false }).then(() => {
      const bypassed = watched.some(
        ({ config, entrance, entered }) => !entered && config.adapter !== entrance,
      );
      watched = [];
      if (!bypassed) return;
      unproven = 0;
      deps.bypassed();
    });
  }

  return (config) => {
    const current: unknown = config.adapter;
    const adapter =
      typeof current === 'function' && replaces in current
        ? (current as Entrance)[replaces]?.adapter
        : current;
    const entrance: Entrance = (final) => {
      call.entered = true;
      final.adapter = adapter as never;
      return deps.dispatch(final, adapter);
    };
    entrance[replaces] = { adapter };
    const call = { config, entrance, entered: false };
    config.adapter = entrance;
    if (unproven > 0) watch(call);
    return config;
  };
}
