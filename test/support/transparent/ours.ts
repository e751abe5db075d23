import type { Run } from './run.js';

/**
 * On configurations of Procore calls these are the line's own affair: the bearer, and what the http adapter writes into the headers while it
 * sends (in 0.x what `beforeRedirect` sets, too). The application's configuration comes back without them.
 */
const ofTheLine =
  /^(authorization|user-agent|accept-encoding|content-length|content-type|host|x-redirected)$/i;

/** A run without what the plugin adds to calls of Procore, and says that it adds: see docs/neighbours.md. */
export function withoutOurs(run: Run): Run {
  const server = run.server.map((seen) => ({ ...seen, headers: seen.headers.map(lowerCased).sort() }));
  return { ...run, server, outcome: cleared(run.outcome) };
}

function cleared(value: unknown, key = ''): unknown {
  if (Array.isArray(value)) return value.map((item) => cleared(item));
  if (typeof value !== 'object' || value === null) return value;
  const own = Object.entries(value).flatMap(([name, item]): [string, unknown][] => {
    if (key.startsWith('config headers') && ofTheLine.test(name)) return [];
    // The problem on an error; on a configuration it is options of the call.
    if (name === 'procore' && 'is an axios error' in value) return [];
    const isConfig = 'method' in value && 'transformRequest' in value;
    // axios 1.0 keeps those of the defaults within.
    const within =
      isConfig || key.startsWith('config headers') ? `${isConfig ? 'config' : key} ${name}` : name;
    // Hidden from loggers where a bearer of ours was sent.
    return [[name === 'request (hidden)' ? 'request' : name, cleared(item, within)]];
  });
  return Object.fromEntries(own);
}

/** A run without the fields that its scene says will differ, wherever it is. */
export function without(fields: readonly string[], run: Run): Run {
  return { ...run, outcome: stripped(run.outcome, fields) };
}

function stripped(value: unknown, fields: readonly string[]): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => !fields.includes(name))
      .map(([name, item]) => [name, stripped(item, fields)]),
  );
}

/** The name of a header: axios 1.0 writes it as the default has it, or as the call has. */
function lowerCased(header: string): string {
  return header.replace(/^[^:]+/, (name) => name.toLowerCase());
}
