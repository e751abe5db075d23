import { nextLinkIn } from './link.js';

/** Query parameters by name, with all values of each. */
export type Query = Readonly<Record<string, readonly string[]>>;

/** The request of a page, by how it differs from the request of the first one. */
export interface PageRequest {
  /** The caller's own URL; that of the link where the list goes on at another path. */
  readonly url: string;
  /** The query parameters that are others than in the first request. */
  readonly changes: Query;
  /** The page's number: what its parameter `page` says, else one more than that of the page before. */
  readonly number: number;
  /** Whether the link itself has a number. */
  readonly isNumbered: boolean;
}

/** Where a page came from. */
export interface Place {
  /** The URL with its query as axios has made it of the configuration; relative where neither the call nor the instance names a host. */
  readonly asked: string;
  /** The absolute URL that has answered, after redirects, where the adapter tells it. */
  readonly served: string | undefined;
}

/** What comes after a page. `why` completes the sentence "The page …". */
export type NextPage =
  | { readonly kind: 'end' }
  | { readonly kind: 'page'; readonly page: PageRequest }
  | { readonly kind: 'wrong'; readonly why: string };

/** Stands for the host of a relative URL, of which only path and query are compared. */
const somewhere = 'http://relative.invalid';

/**
 * The page after one whose answer has this header `Link`.
 *
 * Only the query parameters that the link changes are taken from it, so that everything else about the request stays as the caller and the
 * instance's interceptors have made it. A link to another origin is wrong, because the headers of the call would go there.
 */
export function nextPage(
  header: unknown,
  here: Place,
  first: { readonly url: string; readonly asked: string },
  current: PageRequest,
): NextPage {
  const found = nextLinkIn(header);
  if (found.kind === 'none') return { kind: 'end' };
  if (found.kind === 'unreadable') return { kind: 'wrong', why: 'has a header Link that cannot be read' };
  const asked = parsed(here.asked, somewhere) ?? new URL(somewhere);
  const served = here.served === undefined ? undefined : parsed(here.served);
  const link = parsed(found.target, (served ?? asked).href);
  if (!link) return { kind: 'wrong', why: 'has a header Link whose URL cannot be read' };
  const home = asked.origin === somewhere ? served?.origin : asked.origin;
  const isHere = isAt(link, asked, home) || (served !== undefined && isAt(link, served, served.origin));
  if (!isHere && home !== undefined && link.origin !== home) {
    return {
      kind: 'wrong',
      why: `has a Link to its next page on ${link.origin}, and pages are asked for on ${home} only`,
    };
  }
  const number = numberIn(link.searchParams);
  return {
    kind: 'page',
    page: {
      url: isHere ? current.url : elsewhere(link, asked),
      changes: changesOf(
        link.searchParams,
        isHere && current.url === first.url ? queryOf(first.asked) : queryOf(''),
      ),
      number: number ?? current.number + 1,
      isNumbered: number !== undefined,
    },
  };
}

/** Identifies a page within its list. */
export function keyOf({ url, changes }: PageRequest): string {
  return JSON.stringify([url, Object.entries(changes).sort(([a], [b]) => (a < b ? -1 : 1))]);
}

/** Whether a link leads to this URL, query aside. `home` is the URL's origin where that is known. */
function isAt(link: URL, url: URL, home: string | undefined): boolean {
  return link.pathname === url.pathname && (home === undefined || link.origin === home);
}

/** The URL of a list that goes on at another path. Without a known host it stays relative, and goes where the first page went. */
function elsewhere(link: URL, asked: URL): string {
  return asked.origin === somewhere ? link.pathname : link.origin + link.pathname;
}

function changesOf(wanted: URLSearchParams, own: URLSearchParams): Query {
  const names = [...new Set(wanted.keys())];
  const changed = names.filter((name) => String(wanted.getAll(name)) !== String(own.getAll(name)));
  return Object.fromEntries(changed.map((name) => [name, wanted.getAll(name)]));
}

function queryOf(url: string): URLSearchParams {
  return parsed(url, somewhere)?.searchParams ?? new URLSearchParams();
}

function numberIn(query: URLSearchParams): number | undefined {
  const page = query.get('page') ?? '';
  return /^\d{1,15}$/.test(page) ? Number(page) : undefined;
}

function parsed(url: string, base?: string): URL | undefined {
  try {
    return new URL(url, base);
  } catch {
    return undefined;
  }
}
