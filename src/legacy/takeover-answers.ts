import type { AxiosResponse } from 'axios';
import type { AxiosCopy } from '../axios/copy.js';
import { acceptsStatus } from '../axios/versions.js';
import {
  ClientRejectedError,
  ReauthenticationRequiredError,
  TokenRenewalError,
  type ProcoreError,
} from '../failure/errors.js';
import { syntheticResponse } from '../failure/synthetic.js';
import { unsentError } from '../line/outcome.js';
import type { Env } from '../time/env.js';
import { readByProxyText } from '../wire/in-clear.js';
import type { LegacyCall } from './takeover.js';
import { tokenAnswer, type PairInUse } from './token-answer.js';

/** What the application's own token request is answered with, in the place of the token endpoint. */
export interface TakeoverAnswers {
  granted(call: LegacyCall, pair: PairInUse): AxiosResponse;
  /** The error answer of RFC 6749, section 5.2, which the application's own code understands; throws where that knows no such error. */
  refused(call: LegacyCall, error: ProcoreError): AxiosResponse;
  /** The token endpoint has refused this refresh token before. */
  deadToken(call: LegacyCall): AxiosResponse;
  /** Another request presents this refresh token, and has no answer yet. */
  presentedByAnother(call: LegacyCall): AxiosResponse;
  /** The request would go to a proxy that could read it. */
  readByProxy(call: LegacyCall): AxiosResponse;
}

/** Creates the answers for one attached instance. */
export function createTakeoverAnswers({ env, copy }: { env: Env; copy: AxiosCopy }): TakeoverAnswers {
  function refused({ config, url }: LegacyCall, error: ProcoreError): AxiosResponse {
    const path = new URL(url).pathname;
    const code =
      error instanceof ReauthenticationRequiredError
        ? 'invalid_grant'
        : error instanceof ClientRejectedError
          ? 'invalid_client'
          : undefined;
    if (!code) throw unsentError(copy, error, config, path);
    const body = { error: code, error_description: error.message };
    const response = syntheticResponse(config, code === 'invalid_grant' ? 400 : 401, body);
    if (acceptsStatus(config, response.status)) return response;
    throw unsentError(copy, error, config, path, response);
  }

  const accountOf = ({ config, accountOf }: LegacyCall) => accountOf(config) ?? 'default';

  return {
    granted: ({ config }, pair) => syntheticResponse(config, 200, tokenAnswer(pair, env.now())),
    refused,
    deadToken(call) {
      const text =
        'the refresh token that the application came with is spent or revoked, as the token endpoint has said before: it was not presented again. The user must authorize anew.';
      const details = { account: accountOf(call), reason: 'refresh-token-invalid' } as const;
      return refused(call, new ReauthenticationRequiredError(text, details));
    },
    presentedByAnother(call) {
      const text =
        'another request presents the refresh token that the application came with, and has no answer yet: it was not presented a second time. Try again.';
      return refused(call, new TokenRenewalError(text, { account: accountOf(call) }));
    },
    readByProxy(call) {
      const text = `the application's own token request was stopped: ${readByProxyText}.`;
      return refused(call, new TokenRenewalError(text, { account: accountOf(call) }));
    },
  };
}
