import { tunnelAdvice } from '../wire/in-clear.js';

/** What a range of axios versions cannot do by itself. docs/compatibility.md has one row for each. */
export interface AxiosLimit {
  /** First version that has it, and first that has it no more; undefined where the newest still has it. */
  readonly from: string;
  readonly below: string | undefined;
  /** Only on this adapter. */
  readonly adapter?: 'fetch';
  readonly what: string;
  /** What the plugin makes of it. */
  readonly here: string;
  /** Something is left that the application should know: it is told at the attach. */
  readonly warns: boolean;
  /** It is told only where a call to Procore would meet it. */
  readonly whereMet?: true;
}

/** Told where such a proxy is in force: axios itself is asked, whatever its version. */
export const proxyLimit: AxiosLimit = {
  from: '0.21.4',
  below: '1.16.1',
  what: 'makes no tunnel through a proxy (`HTTPS_PROXY`, or the option `proxy`): the proxy reads `https` calls with their tokens, and with `http://…` so does whoever is between',
  here: `calls go as without the plugin, but a token request fails before it is sent; for a tunnel, ${tunnelAdvice}`,
  warns: true,
  whereMet: true,
};

export const axiosLimits: readonly AxiosLimit[] = [
  {
    from: '0.21.4',
    below: '0.22.0',
    what: 'knows no `signal`',
    here: 'a call to Procore ends with its `signal` all the same; a call elsewhere does not',
    warns: false,
  },
  {
    from: '0.21.4',
    below: '0.27.0',
    what: 'tells nobody of a redirect: there is no `beforeRedirect`',
    here: 'the plugin follows redirects of Procore itself, so that neither token nor company id leaves; a stream is not sent again behind a 307 or 308',
    warns: false,
  },
  {
    from: '1.7.0',
    below: undefined,
    adapter: 'fetch',
    what: 'tells nobody of a redirect',
    here: 'as below 0.27.0, in Node; a browser shows nobody what it is redirected to',
    warns: false,
  },
  {
    from: '1.13.3',
    below: '1.13.5',
    adapter: 'fetch',
    what: 'loses the answer of a failed call, and what tells a cancellation',
    here: 'calls to Procore have them again; others do not',
    warns: false,
  },
  {
    from: '1.0.0',
    below: '1.1.0',
    what: 'loses the `?` of a query that is written into the URL',
    here: 'a call to Procore keeps it; for other calls put the query into `params`',
    warns: true,
  },
  {
    from: '1.0.0',
    below: '1.2.0',
    what: 'loses or breaks the headers of a config that is sent again, as `instance(error.config)` and an axios-retry on the instance do',
    here: 'retries and replays of the plugin keep all headers',
    warns: true,
  },
  proxyLimit,
];

/** What to tell an application on this version; `version` is undefined on axios 0.21. */
export function limitsToTell(version: string | undefined): AxiosLimit[] {
  if (version === undefined) return [];
  return axiosLimits.filter(
    ({ warns, whereMet, from, below }) =>
      warns && !whereMet && !precedes(version, from) && (below === undefined || precedes(version, below)),
  );
}

function precedes(version: string, other: string): boolean {
  const [mine = [], theirs = []] = [version, other].map((text) =>
    text.split('.').map((part) => parseInt(part, 10)),
  );
  const at = theirs.findIndex((part, index) => part !== mine[index]);
  return at >= 0 && mine[at]! < theirs[at]!;
}
