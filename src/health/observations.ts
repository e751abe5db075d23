import { problems } from '../failure/catalogue.js';
import type { CallCount } from './calls.js';
import { isKnownDeprecated, isOutsideOfPublished, type EndpointList } from '../wire/endpoints.js';
import type { Thresholds } from './states.js';

/** The seven observations of Procore's Integration Health. */
export type ObservationName =
  | 'forbidden'
  | 'not-found'
  | 'rate-limited'
  | 'unauthorized'
  | 'company-header-missing'
  | 'deprecated-endpoints'
  | 'private-endpoints';

/** The endpoints that only the user knows to be deprecated or private. */
export interface KnownEndpoints {
  readonly deprecated: EndpointList;
  readonly private: EndpointList;
}

/** One of the seven, as it is counted and told. */
export interface ObservationRow {
  readonly name: ObservationName;
  readonly title: string;
  readonly cause: string;
  readonly remedy: string;
  readonly docsUrl: string;
  readonly thresholds: Thresholds;
  /** How many calls of a row belong to the observation. */
  readonly counted: (row: CallCount, known: KnownEndpoints) => number;
}

const page = 'https://developers.procore.com/documentation/integration-health';
const withStatus = (status: number) => (row: CallCount) => (row.status === status ? row.calls : 0);
const ofKind = (kind: keyof typeof problems) => ({
  cause: problems[kind].cause,
  remedy: problems[kind].remedy,
});

/** The observations in Procore's order. docs/health.md has the reason for each threshold; Procore does not publish its own. */
export const observationRows: readonly ObservationRow[] = [
  {
    name: 'forbidden',
    title: '403 Forbidden Responses',
    docsUrl: `${page}#403-forbidden-responses`,
    ...ofKind('forbidden'),
    thresholds: { warning: { calls: 3, share: 0.01 }, critical: { calls: 10, share: 0.05 } },
    counted: withStatus(403),
  },
  {
    name: 'not-found',
    title: '404 Not Found Responses',
    docsUrl: `${page}#404-not-found-responses`,
    ...ofKind('not-found'),
    thresholds: { warning: { calls: 3, share: 0.02 }, critical: { calls: 10, share: 0.1 } },
    counted: withStatus(404),
  },
  {
    name: 'rate-limited',
    title: '429 Rate Limit Responses',
    docsUrl: `${page}#429-rate-limit-responses`,
    ...ofKind('rate-limited'),
    thresholds: { warning: { calls: 3, share: 0.001 }, critical: { calls: 10, share: 0.01 } },
    counted: withStatus(429),
  },
  {
    name: 'unauthorized',
    title: '401 Unauthorized Responses',
    docsUrl: `${page}#401-unauthorized-responses`,
    ...ofKind('unauthorized'),
    thresholds: { warning: { calls: 3, share: 0.005 }, critical: { calls: 10, share: 0.01 } },
    counted: withStatus(401),
  },
  {
    name: 'company-header-missing',
    title: 'Missing Procore-Company-Id Header',
    docsUrl: `${page}#missing-procore-company-id-header`,
    ...ofKind('company-header-missing'),
    thresholds: { warning: { calls: 1, share: 0 }, critical: { calls: 10, share: 0.01 } },
    counted: ({ withoutCompanyId }) => withoutCompanyId,
  },
  {
    name: 'deprecated-endpoints',
    title: 'Deprecated Endpoint Usage',
    docsUrl: `${page}#deprecated-endpoint-usage`,
    cause:
      'The endpoint is deprecated. Procore removes it a year after that, and every call to it will fail then.',
    remedy:
      'Find the replacement in Procore’s changelog and move every call to it, those of libraries that wrap the route too.',
    thresholds: { warning: { calls: 1, share: 0 }, critical: { calls: 10, share: 0.05 } },
    counted: ({ method, route, calls }, known) =>
      isKnownDeprecated(route) || known.deprecated(method, route) ? calls : 0,
  },
  {
    name: 'private-endpoints',
    title: 'Private Endpoint Usage',
    docsUrl: `${page}#private-endpoint-usage`,
    cause: 'The endpoint is not in Procore’s published reference, and may change or vanish without notice.',
    remedy:
      'Call the published route that does the same (https://developers.procore.com/reference/rest). If there is none, ask apisupport@procore.com.',
    thresholds: { warning: { calls: 1, share: 0 }, critical: { calls: 10, share: 0.01 } },
    counted: ({ method, route, calls }, known) =>
      isOutsideOfPublished(route) || known.private(method, route) ? calls : 0,
  },
];
