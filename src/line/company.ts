import type { AxiosRequestConfig } from 'axios';
import type { Events } from '../observe/events.js';
import type { CompanyId, Settings } from '../options/options.js';
import { kindOf } from '../text/words.js';
import { firstCompanyIn, isCompanyId, otherCompanyIn, type NamedCompany } from '../wire/company.js';
import { companyIn } from '../wire/headers.js';

/** The company of a call, as the options say; `path` is that of its URL. */
export type CompanyOf = (config: AxiosRequestConfig, path: string) => CompanyId | undefined;

/** A company that a call names: in its request, in its header, or by an option. */
type Named = Omit<NamedCompany, 'place'> & {
  readonly place: NamedCompany['place'] | 'header' | 'call' | 'attach';
};

/**
 * Creates the choice of the company. Where it is a function that decides it for each call, a call that names two companies is told of: once
 * for each pair of places.
 */
export function createCompanyOf({
  settings,
  warnOnce,
}: {
  settings: Pick<Settings, 'companyId'>;
  warnOnce: Events['warnOnce'];
}): CompanyOf {
  function lookForConflict(config: AxiosRequestConfig, path: string, company: CompanyId | undefined): void {
    const sent = companyIn(config.headers) ?? (company === undefined ? undefined : String(company));
    if (sent === undefined) return;
    const other = otherThan(sent, config, path);
    if (!other) return;
    const first = placeOf(sent, config, path);
    warnOnce('company-conflict', `${first.place} ${other.place}`, conflictText(config, path, first, other));
  }

  return (config, path) => {
    const company = companyBy(config.procore?.companyId ?? settings.companyId, config);
    if (typeof settings.companyId === 'function') lookForConflict(config, path, company);
    return company;
  };
}

function companyBy(chosen: Settings['companyId'], config: AxiosRequestConfig): CompanyId | undefined {
  if (chosen === undefined) return undefined;
  const company: unknown = typeof chosen === 'function' ? chosen(config) : chosen;
  if (company === undefined || company === null || isCompanyId(company)) return company ?? undefined;
  throw new TypeError(
    `axios-procore: option "companyId" returned ${kindOf(company)} that is no company id; it takes digits in a string, a positive bigint or safe integer, or undefined.`,
  );
}

/** Another company that the call names, beside the one that it is sent with. */
function otherThan(sent: string, config: AxiosRequestConfig, path: string): Named | undefined {
  const own = config.procore?.companyId;
  if (own !== undefined && String(own) !== sent) return { place: 'call', id: String(own) };
  return otherCompanyIn(config, path, sent);
}

/** Where the company is named that the call is sent with. */
function placeOf(sent: string, config: AxiosRequestConfig, path: string): Named {
  if (companyIn(config.headers) !== undefined) return { place: 'header', id: sent };
  if (config.procore?.companyId !== undefined) return { place: 'call', id: sent };
  const first = firstCompanyIn(config, path);
  return first?.id === sent ? first : { place: 'attach', id: sent };
}

const words: Readonly<Record<Named['place'], string>> = {
  header: 'in its header Procore-Company-Id',
  call: 'in procore.companyId',
  attach: 'by the option companyId',
  path: 'in its path',
  query: 'in its query',
  params: 'in params.company_id',
  body: 'in company_id of its body',
};

function conflictText({ method }: AxiosRequestConfig, path: string, sent: Named, other: Named): string {
  const call = `${(method ?? 'get').toUpperCase()} ${path.slice(0, 200)}`;
  return `${call} names company ${sent.id} ${words[sent.place]}, and company ${other.id} ${words[other.place]}. It is sent with Procore-Company-Id ${sent.id}. Name one company in a call; further calls of this kind are not told of`;
}
