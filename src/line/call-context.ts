import type { CallContext } from '../failure/find-reason.js';
import { ownValue } from '../wire/prototype-pollution.js';
import type { Call } from './call.js';
import { hasCompanyId, type Request } from './request.js';

/** What is known of a call for the finer cause of its failure. `grant`: the one by which the tokens of the attach are renewed. */
export function contextOf(
  { request, attempt }: Pick<Call, 'request' | 'attempt'>,
  grant: 'refresh_token' | 'client_credentials',
): CallContext {
  return {
    path: request.destination.path,
    isInProject: isInProject(request),
    hasCompanyId: hasCompanyId(request),
    // A call that has gone out with a bearer of its own is not the service account's.
    isServiceAccount: grant === 'client_credentials' && attempt?.lease !== undefined,
  };
}

function isInProject({ destination, seen }: Request): boolean {
  if (/\/projects\/\d+(?:\/|$)/.test(destination.path) || /[?&]project_id=\d/.test(String(seen.url)))
    return true;
  const params: unknown = seen.params;
  if (params instanceof URLSearchParams) return params.has('project_id');
  if (typeof params !== 'object' || params === null) return false;
  const named = ownValue(params as Record<string, unknown>, 'project_id');
  // axios sends no parameter that is undefined or null.
  return named !== undefined && named !== null;
}
