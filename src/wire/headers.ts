import type { CompanyId } from '../options.js';

type Headers = Record<string, unknown>;

/** Names compare without case (RFC 9110). Works on axios's header objects and on plain ones. */
export function headerOf(headers: object | undefined, name: string): unknown {
  for (const [own, value] of Object.entries(headers ?? {})) if (own.toLowerCase() === name) return value;
  return undefined;
}

/** The bearer that the call brings along, if any. */
export function bearerOf(headers: object | undefined): string | undefined {
  const value = headerOf(headers, 'authorization');
  return typeof value === 'string' ? /^bearer\s+(\S+)\s*$/i.exec(value)?.[1] : undefined;
}

/** A copy of the call's headers with our bearer instead of its own, and the company where it names none. */
export function dressed(
  headers: object | undefined,
  accessToken: string,
  companyId: CompanyId | undefined,
): object {
  // With its prototype: from axios 1.0 on headers are objects with methods.
  const copy = Object.create(Object.getPrototypeOf(headers ?? {}) as object | null) as Headers;
  let hasCompany = false;
  for (const [name, value] of Object.entries(headers ?? {})) {
    const lower = name.toLowerCase();
    if (lower === 'authorization') continue;
    if (lower === 'procore-company-id')
      hasCompany = value !== undefined && value !== null && value !== false && value !== '';
    copy[name] = value;
  }
  copy['Authorization'] = `Bearer ${accessToken}`;
  if (!hasCompany && companyId !== undefined) {
    for (const name of Object.keys(copy)) if (name.toLowerCase() === 'procore-company-id') delete copy[name];
    copy['Procore-Company-Id'] = String(companyId);
  }
  return copy;
}

/** Takes out of a redirected request what belongs to Procore alone. */
export function undress(headers: Headers): void {
  for (const name of Object.keys(headers)) {
    if (/^(authorization|procore-company-id)$/i.test(name)) delete headers[name];
  }
}
