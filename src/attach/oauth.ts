import type { AxiosCopy } from '../axios/copy.js';
import { goesInClear } from '../axios/rehearsal.js';
import { createOwnRevocation } from '../legacy/own-revocation.js';
import { createOauthPassage, createSendTokenRequest } from '../legacy/passage.js';
import { createTakeover } from '../legacy/takeover.js';
import type { OauthPassage } from '../line/dispatch.js';
import type { Events } from '../observe/events.js';
import type { Settings } from '../options/options.js';
import { outerLockOf } from '../store/own.js';
import type { TokenStore } from '../store/store.js';
import type { InContext } from '../time/async-context.js';
import type { Env } from '../time/env.js';
import { runLocked } from '../token/grant/critical-section.js';
import { fingerprint } from '../token/pair/fingerprint.js';
import type { Client } from './client.js';
import type { Shared } from './shared.js';

/** Creates the handling of the application's own calls to `/oauth/…` on one attached instance. */
export function createOauth({
  env,
  copy,
  settings,
  store,
  shared,
  client,
  inContext,
  warnOnce,
}: {
  env: Env;
  copy: AxiosCopy;
  settings: Settings;
  store: TokenStore;
  shared: Shared;
  client: Client;
  inContext: InContext;
  warnOnce: Events['warnOnce'];
}): OauthPassage {
  const { grants, accounts, sourceOf, wakened, redeemedElsewhere } = client;
  const { sources, serverOffsetMs } = shared;
  const sendTokenRequest = createSendTokenRequest({ env, serverOffsetMs });
  const takeover = settings.legacy.takeOverRefresh
    ? createTakeover({
        env,
        copy,
        settings,
        grants,
        sendTokenRequest,
        sources,
        wakened,
        sourceOf,
        accounts,
        alone: (refreshToken, work) =>
          inContext(() =>
            runLocked(
              {
                env,
                store,
                account: outerLockOf(fingerprint(refreshToken)),
                waitMs: settings.maxWaitMs,
                releaseMs: settings.renewal.storeTimeoutMs,
                warn: (why) => warnOnce('lock-contract', why, why),
              },
              work,
              new AbortController().signal,
            ),
          ),
        isRenewal: shared.ownRenewals.isInside,
        goesInClear: (config, url) => goesInClear(copy, config.adapter, url, config),
        serverOffsetMs,
        requests: shared.ownTokenRequests,
        warnOnce,
      })
    : undefined;
  const ownRevocation = createOwnRevocation({
    env,
    copy,
    settings,
    sources,
    wakened,
    sourceOf,
    accounts,
    isRenewal: shared.ownRenewals.isInside,
  });
  return createOauthPassage({
    grants,
    sendTokenRequest,
    redeemedElsewhere,
    warnOnce,
    takeover,
    ownRevocation,
  });
}
