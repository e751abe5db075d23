import { tunnelAdvice } from '../wire/in-clear.js';

/** A limitation of a range of axios versions. docs/compatibility.md has a row for each. */
export interface AxiosLimit {
  /** The first version with the limitation, and the first one without it; undefined where the newest version still has it. */
  readonly from: string;
  readonly below: string | undefined;
  /** The adapter that has it, where not all have it. */
  readonly adapter?: 'fetch';
  readonly what: string;
  /** What the plugin does about it. */
  readonly here: string;
  /** Whether the application is warned at the attach, because the plugin cannot make up for it everywhere. */
  readonly warns: boolean;
  /** True where the warning is given only if a call to Procore is concerned. */
  readonly whereMet?: true;
}

/** The limitation with proxies. The warning depends on how axios would make a request (see `rehearsal`), and not on its version. */
export const proxyLimit: AxiosLimit = {
  from: '0.21.4',
  below: '1.16.1',
  what: 'makes no tunnel through a proxy (`HTTPS_PROXY`, or the option `proxy`): the proxy reads `https` calls with their tokens, and with `http://…` so does whoever is between',
  here: `calls go as without the plugin, but a token request fails before it is sent; for a tunnel, ${tunnelAdvice}`,
  warns: true,
  whereMet: true,
};

/** All limitations, oldest first. */
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

/** The limitations to warn of on this version; `version` is undefined on axios 0.21. */
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
