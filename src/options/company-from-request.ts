import type { AxiosRequestConfig } from 'axios';
import { firstCompanyIn } from '../wire/company.js';
import { pathOf } from '../wire/destination.js';

/**
 * For the option `companyId`: the company that a call names itself, in `/companies/{id}/` of its path, else in `company_id` of the query,
 * of `params`, or of the body (JSON, a form). Undefined where it names none. A number beyond 2^53 has lost digits and is not taken: give a
 * text or a bigint.
 *
 * @example
 * attachProcore(instance, { clientId, clientSecret, store, companyId: companyFromRequest });
 *
 * @example
 * // With a default for calls that name none.
 * const companyId = (config: AxiosRequestConfig) => companyFromRequest(config) ?? '562949953421401';
 */
export function companyFromRequest(config: AxiosRequestConfig): string | undefined {
  return firstCompanyIn(config, pathOf(config))?.id;
}
