import type { Way } from './way.js';

type Fields = Record<PropertyKey, unknown>;

/**
 * Whether a request that takes this way asks nobody for a certificate: by the agent, that of a proxy too, by the dispatcher of fetch, by the
 * options of HTTP/2, or, where none of these says anything, by the process (`NODE_TLS_REJECT_UNAUTHORIZED=0`, the global agent).
 */
export function isUnverified({ httpsAgent, http2Options, fetchOptions }: Way, byProcess: boolean): boolean {
  const said = [httpsAgent, http2Options, fetchOptions?.dispatcher].flatMap((each) => saidBy(each, 2));
  return said.includes(false) || (byProcess && !said.includes(true));
}

/** Agents keep what they were made with in `options`, proxy agents in more places, and undici behind symbols. */
function saidBy(value: unknown, depth: number): boolean[] {
  if (typeof value !== 'object' || value === null) return [];
  const fields = value as Fields;
  const own = Object.hasOwn(fields, 'rejectUnauthorized') ? fields['rejectUnauthorized'] : undefined;
  const said = typeof own === 'boolean' ? [own] : [];
  if (depth === 0) return said;
  const names = ['options', 'connectOpts', 'connect', 'httpsAgent', 'requestTls', ...symbolsOf(fields)];
  return [
    ...said,
    ...names.flatMap((name) => (Object.hasOwn(fields, name) ? saidBy(fields[name], depth - 1) : [])),
  ];
}

function symbolsOf(value: object): symbol[] {
  return Object.getOwnPropertySymbols(value).filter(({ description }) =>
    /^(?:options|request tls settings|connect)$/i.test(description ?? ''),
  );
}
