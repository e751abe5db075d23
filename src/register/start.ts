import axios from 'axios';
import { captureContext } from '../time/async-context.js';
import { attachEarly, knowAxios } from '../attach/attach.js';
import { isFree, lend } from '../attach/instance.js';
import type { AxiosLike } from '../axios/versions.js';
import { companyFromRequest } from '../options/company-from-request.js';
import type { ProcoreOptions } from '../options/options.js';
import { loadConfig } from '../settings/config-module.js';
import { configure } from '../settings/configure.js';
import { createCopies } from './copies.js';
import { messageOf } from '../settings/foreign.js';
import { watchModules } from './loading.js';
import type { Reporter } from './say.js';
import { createSeedAdvice } from './seed.js';
import type { Registration } from '../settings/settings.js';
import { tellIfUnseen } from './unseen.js';

/** Attaches the plugin to every axios instance of the process when it is loaded or made. */
export function start(registration: Registration & { kind: 'on' }, reporter: Reporter): void {
  let options: ProcoreOptions | undefined;
  /** Whether the application has loaded an axios. The plugin loads a copy itself, which counts only when the application loads it too. */
  let isSeen = false;
  const waiting: AxiosLike[] = [];
  const advice = createSeedAdvice(registration, (line) => reporter.say('warn', line));
  const attach = (instance: AxiosLike): void => {
    if (instance !== (axios as AxiosLike)) isSeen = true;
    if (!options) waiting.push(instance);
    // The module of PROCORE_CONFIG may have attached the instance itself; that attach stays.
    else if (!isFree(instance)) return;
    else if (Object.isExtensible(instance)) attachTo(instance, options);
    else reporter.say('warn', 'nothing is attached to an axios that has been frozen');
  };
  /** Attaches one instance. An error is caught and reported, because the application is just loading or making this axios. */
  function attachTo(instance: AxiosLike, options: ProcoreOptions): void {
    try {
      const handle = attachEarly(instance, options);
      lend(instance, handle);
      advice.watch(handle);
      const { VERSION } = instance as { VERSION?: unknown };
      const isDefault = typeof VERSION === 'string' && /^\d[\w.-]*$/.test(VERSION);
      if (isDefault) reporter.say('info', `attached to axios ${VERSION}`);
      else reporter.say('debug', 'attached to an instance of axios');
    } catch (error) {
      reporter.say(
        'warn',
        `nothing is attached to an axios: ${messageOf(error).replace(/^axios-procore: /, '')}`,
      );
    }
  }

  // The attach runs in the async context of the start, because applications may load axios or make instances inside a request or a
  // transaction.
  const atStart = captureContext();
  const copies = createCopies((instance) => atStart(() => attach(instance)), knowAxios);
  // Watching begins before the configuration is loaded, because that may load a copy of axios.
  const watchOn = watchModules((exported) => {
    if (exported === axios) isSeen = true;
    copies.see(exported);
  });
  copies.see(axios);
  try {
    const configured = configure(registration, {
      load: loadConfig,
      note: (line) => reporter.say('warn', line),
      hide: reporter.hide,
    });
    options = {
      ...configured,
      companyId: companyOf(configured.companyId),
      logger: configured.logger ?? reporter.logger,
    };
  } catch (error) {
    reporter.fail(messageOf(error));
  }
  reporter.say('info', planOf(registration, options));
  waiting.forEach(attach);
  watchOn();
  tellIfUnseen(() => isSeen, reporter);
}

/** Each call is sent with the company that it names itself; where it names none, with that of the configuration. */
function companyOf(configured: ProcoreOptions['companyId']): ProcoreOptions['companyId'] {
  if (typeof configured === 'function') return configured;
  if (configured === undefined) return companyFromRequest;
  return (config) => companyFromRequest(config) ?? configured;
}

/** The line that tells what register does, and which variables it has read. */
function planOf(
  { read, file }: Registration & { kind: 'on' },
  { environment, store }: ProcoreOptions,
): string {
  const where =
    typeof environment === 'object'
      ? `${environment.loginUrl} and ${environment.apiUrl}`
      : `the environment ${environment ?? 'production'}`;
  const isFile = file && (store as { pathOf?: unknown } | undefined)?.pathOf;
  const kept = isFile ? `in the file of ${file.name}` : 'in the store of the configuration';
  return `attaches to every axios that is loaded, for ${where}, with the tokens ${kept}; it has read ${read.join(', ')}`;
}
