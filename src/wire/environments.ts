/** A Procore environment: where tokens are issued and where they are used. Source: Procore, "Sandbox Environments". */
export interface Environment {
  /** Origin of `/oauth/token`. */
  readonly loginUrl: string;
  /** Origin of `/rest/…`. */
  readonly apiUrl: string;
}

/** The environments that Procore runs. Tokens are not transferable between them. */
export type EnvironmentName = 'production' | 'developer-sandbox' | 'monthly-sandbox' | 'federal';

/** Login and API origins of the environments that Procore runs. */
export const environments: Readonly<Record<EnvironmentName, Environment>> = Object.freeze({
  production: Object.freeze({ loginUrl: 'https://login.procore.com', apiUrl: 'https://api.procore.com' }),
  'developer-sandbox': Object.freeze({
    loginUrl: 'https://login-sandbox.procore.com',
    apiUrl: 'https://sandbox.procore.com',
  }),
  'monthly-sandbox': Object.freeze({
    loginUrl: 'https://login-sandbox-monthly.procore.com',
    apiUrl: 'https://api-monthly.procore.com',
  }),
  federal: Object.freeze({
    loginUrl: 'https://login.procoregov.com',
    apiUrl: 'https://api.procoregov.com',
  }),
});

/** The origin that older integrations use for both the API and the tokens of the production environment. */
export const legacyProductionOrigin = 'https://app.procore.com';

/** The name of one of Procore's environments; undefined for other hosts. */
export function environmentNamed({ apiUrl, loginUrl }: Environment): EnvironmentName | undefined {
  const names = Object.keys(environments) as EnvironmentName[];
  return names.find(
    (name) => environments[name].apiUrl === apiUrl && environments[name].loginUrl === loginUrl,
  );
}

/** The name of the environment whose API has this origin, if any. */
export function environmentAt(origin: string): EnvironmentName | undefined {
  if (origin === legacyProductionOrigin) return 'production';
  for (const [name, { apiUrl }] of Object.entries(environments)) {
    if (apiUrl === origin) return name as EnvironmentName;
  }
  return undefined;
}
