import type { Way } from './way.js';

type Fields = Record<PropertyKey, unknown>;

/**
 * Whether TLS certificates are not verified (`rejectUnauthorized: false`) for a request with these agents and options. The agent, a proxy
 * agent, the dispatcher of fetch and the options of HTTP/2 decide; where none of them says anything, `byProcess` does
 * (`NODE_TLS_REJECT_UNAUTHORIZED=0`, the global agent).
 */
export function isUnverified({ httpsAgent, http2Options, fetchOptions }: Way, byProcess: boolean): boolean {
  const said = [httpsAgent, http2Options, fetchOptions?.dispatcher].flatMap((each) => saidBy(each, 2));
  return said.includes(false) || (byProcess && !said.includes(true));
}

/**
 * The values of `rejectUnauthorized` found in an agent or its options. Agents of Node keep them in `options`, proxy agents in several
 * properties, and undici behind symbols.
 */
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
