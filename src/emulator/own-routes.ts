import type { Call, Route } from './call.js';
import { objectIn } from './fields.js';
import type { EmulatedRequest } from './fault-types.js';
import { json, type Outcome, type Reply } from './message.js';
import { createRouter, isPath } from './router.js';

/** A request as a route of your own gets it. */
export interface RouteRequest extends EmulatedRequest {
  /** The values of the parameters in its path: `project_id` of `/rest/v1.0/projects/:project_id/submittals`. */
  readonly params: Readonly<Record<string, string>>;
  /** The JSON object in its body; undefined for any other body. */
  readonly json: Readonly<Record<string, unknown>> | undefined;
  /** `Procore-Company-Id`, or the company that the path or the query names. */
  readonly companyId: string | undefined;
  /** The user of the access token; undefined for a service account. */
  readonly userId: number | undefined;
}

/**
 * Answers a request, also later. An array is answered in pages, anything else as JSON; the status is 201 for a POST and 200 otherwise, and
 * 204 for `undefined`. A `Response` is answered as it is.
 */
export type RouteHandler = (request: RouteRequest) => unknown;

/** Routes by method and path, in the notation of Express: `'GET /rest/v1.0/projects/:project_id/submittals'`. */
export type Routes = Readonly<Record<string, RouteHandler>>;

const pattern = /^(GET|POST|PUT|PATCH|DELETE) (\/(?:rest|vapid)\/\S+)$/;

/** Whether a text is a method and a path of the API. */
export function isRouteName(name: string): boolean {
  const [, , path] = pattern.exec(name) ?? [];
  return path !== undefined && isPath(path);
}

/**
 * The routes of the application's own, behind the same checks as all others. One that replaces a route of `others` needs a company where
 * that does.
 */
export function ownRoutes(routes: Routes, others: readonly Route[]): Route[] {
  const find = createRouter(others);
  return Object.entries(routes).map(([name, handler]) => {
    const [, method = '', path = ''] = pattern.exec(name) ?? [];
    const company = find(method, path)?.route.company ?? 'always';
    return { method, path, company, isOwn: true, handle: (call) => handled(handler, call) };
  });
}

async function handled(handler: RouteHandler, call: Call): Promise<Outcome> {
  const { request, params, companyId, caller, answers } = call;
  const { method, path, query, headers, body } = request;
  const result = await handler({
    ...{ method, path, query, headers, body, params, companyId },
    json: objectIn(body),
    userId: caller.refreshToken === undefined ? undefined : caller.userId,
  });
  const reply = await replyOf(result, method, (items) => answers.list(items));
  const wrote = !['GET', 'HEAD'].includes(method) && reply.status < 400;
  return { reply, ...(wrote && { wrote }) };
}

async function replyOf(
  result: unknown,
  method: string,
  list: (items: readonly object[]) => Reply,
): Promise<Reply> {
  if (result instanceof Response) {
    const body = new Uint8Array(await result.arrayBuffer());
    return { status: result.status, headers: headersOf(result), body };
  }
  if (Array.isArray(result)) return list(result as object[]);
  if (result === undefined) return { status: 204, headers: {}, body: '' };
  return json(method === 'POST' ? 201 : 200, result);
}

/** The headers of a response, but for those that say how its body was sent, because it is sent anew. */
function headersOf({ headers }: Response): Reply['headers'] {
  const cookies = headers.getSetCookie();
  const others = [...headers].filter(
    ([name]) => !['set-cookie', 'content-length', 'transfer-encoding'].includes(name),
  );
  return { ...Object.fromEntries(others), ...(cookies.length > 0 && { 'set-cookie': cookies }) };
}
