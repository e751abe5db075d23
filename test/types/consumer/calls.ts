// Compiled against the packed package by matrix.test.ts; here, against the source.
import type { AxiosError, AxiosInstance, AxiosRequestConfig, AxiosResponse } from 'axios';
import {
  attachProcore,
  companyFromRequest,
  environments,
  hasProblem,
  isProcoreError,
  memoryTokenStore,
  partialFailures,
  problemOf,
  ProcoreError,
  ReauthenticationRequiredError,
  supportReport,
  TokenRenewalError,
  TokenStoreConflict,
  type AxiosLike,
  type EnvironmentName,
  type GaveUp,
  type Logger,
  type PartialFailure,
  type Problem,
  type SupportReport,
  type ProblemKind,
  type Procore,
  type ProcoreErrorCode,
  type ProcoreEvents,
  type ProcoreOptions,
  type RateLimitOptions,
  type ReauthenticationReason,
  type TokenSet,
  type TokenStatus,
  type TokenStore,
} from 'axios-procore';
import { startEmulator, type Emulator, type LogEntry } from 'axios-procore/emulator';
import {
  BatchError,
  listAll,
  paginate,
  syncInBatches,
  type ListOptions,
  type SyncFailure,
  type SyncOptions,
  type SyncProgress,
  type SyncResult,
} from 'axios-procore/collections';
import {
  healthOf,
  healthPage,
  recordHealth,
  type HealthRecorder,
  type HealthReport,
} from 'axios-procore/health';
import { instrumentProcore, type InstrumentProcoreOptions } from 'axios-procore/opentelemetry';

export const stopTelemetry: () => void = instrumentProcore({
  perAccount: true,
} satisfies InstrumentProcoreOptions);

declare const instance: AxiosInstance;
const options: ProcoreOptions = {
  clientId: 'client',
  clientSecret: async () => 'secret',
  store: memoryTokenStore(),
  environment: 'monthly-sandbox',
  account: (config: AxiosRequestConfig) => config.url,
  companyId: 42,
  renewal: { drain: 'learn', aheadMs: 60_000 },
  retry: false,
  logger: console,
};
export const companies: Pick<ProcoreOptions, 'companyId'>[] = [
  { companyId: companyFromRequest },
  { companyId: (config: AxiosRequestConfig) => companyFromRequest(config) ?? '562949953421312' },
  { companyId: BigInt('562949953421312') },
  // @ts-expect-error -- no id, and no function that returns one
  { companyId: true },
];
const procore: Procore = attachProcore(instance, options);
export const paced: RateLimitOptions[] = [
  { scope: 'app' },
  { scope: (config: AxiosRequestConfig) => config.url ?? '' },
];
const like: AxiosLike = instance;
export const handles: Procore[] = [procore, attachProcore(like, options)];

// The options of one call.
export const answers: Promise<AxiosResponse<unknown>>[] = [
  instance.get('/rest/v1.0/me', { procore: { companyId: 1 } }),
  instance.post(
    '/rest/v1.0/x',
    {},
    { procore: { companyId: '562949953421312', idempotent: true, deadlineMs: 1 } },
  ),
  instance.request({
    url: '/rest/v1.0/me',
    procore: { account: 'user', auth: false, retry: { retries: 1 } },
  }),
  instance.post('/rest/v1.0/x', {}, { procore: { idempotencyToken: true } }),
  instance.post('/rest/v1.0/x', {}, { procore: { idempotencyToken: 'erp-4711' } }),
  // @ts-expect-error -- true, a text, or nothing
  instance.post('/rest/v1.0/x', {}, { procore: { idempotencyToken: false } }),
  // @ts-expect-error -- a company id is a string or a number
  instance.get('/rest/v1.0/me', { procore: { companyId: true } }),
  // @ts-expect-error -- there is no such option
  instance.get('/rest/v1.0/me', { procore: { company: 1 } }),
  // @ts-expect-error -- false or nothing
  instance.get('/rest/v1.0/me', { procore: { auth: true } }),
];

// What is left out may be written out, as configurations do that are read from somewhere; compiled with exactOptionalPropertyTypes.
export const leftOut: ProcoreOptions = {
  clientId: 'client',
  clientSecret: undefined,
  environment: undefined,
  store: undefined,
  account: undefined,
  companyId: undefined,
  renewal: { background: undefined, aheadMs: undefined, drain: undefined },
  retry: { retries: undefined },
  rateLimit: { scope: undefined },
  legacy: { takeOverRefresh: undefined },
  exchange: undefined,
  logger: undefined,
};
export const leftOutOfCall: Promise<AxiosResponse<unknown>>[] = [
  instance.get('/rest/v1.0/me', { procore: undefined }),
  instance.get('/rest/v1.0/me', { procore: { account: undefined, auth: undefined, body: undefined } }),
  instance.post('/rest/v1.0/x', {}, { procore: { idempotencyToken: undefined } }),
];
export const withoutRefreshToken: TokenSet = { access_token: 'a', refresh_token: undefined };
export const without: TokenStore = { load: () => null, save: () => {}, lock: undefined, remove: undefined };

// What a failed call, and a success, may say.
export async function failures(): Promise<unknown[]> {
  const response = await instance.patch('/rest/v1.0/projects/1/rfis/sync', {});
  const items: PartialFailure[] = partialFailures(response);
  const problem: Problem | undefined = problemOf(response) ?? problemOf(new Error('x'));
  const kind: ProblemKind | undefined = problem?.kind;
  const gaveUp: GaveUp | undefined = problem?.gaveUp;
  return [kind, gaveUp, items[0]?.messages[0] ?? problem?.retryAt?.toISOString()];
}

// What must not compile.
export const wrong: unknown[] = [
  // @ts-expect-error -- options are required
  () => attachProcore(instance),
  // @ts-expect-error -- clientId is required
  () => attachProcore(instance, { clientSecret: 'secret', store: memoryTokenStore() }),
  // @ts-expect-error -- an unknown environment
  () => attachProcore(instance, { ...options, environment: 'staging' }),
  // @ts-expect-error -- a number of milliseconds
  () => attachProcore(instance, { ...options, maxWaitMs: '1s' }),
  // @ts-expect-error -- no axios instance
  () => attachProcore({}, options),
  // @ts-expect-error -- a store has two functions
  () => attachProcore(instance, { ...options, store: { load: () => null } }),
  // @ts-expect-error -- an unknown event
  () => procore.on('token-lost', () => {}),
  // @ts-expect-error -- tokens are an object
  () => procore.setTokens('token'),
];

// Stores: plain or asynchronous callbacks.
export const plain: TokenStore = { load: () => undefined, save: () => {} };
export const full: TokenStore = {
  load: async (account: string) =>
    account ? { access_token: 'a', refresh_token: 'r', of_the_house: true } : null,
  save: async (_tokens: TokenSet, _account: string, previous: TokenSet | undefined) => {
    if (previous) throw new TokenStoreConflict('somebody else has written');
  },
  lock: async (_account, critical, signal) => {
    signal.throwIfAborted();
    return critical();
  },
  lockMs: 100_000,
};

// Handle, events and errors.
export async function use(): Promise<unknown[]> {
  const token: string = await procore.getAccessToken();
  const set: TokenSet = await procore.renew('account');
  const status: TokenStatus = procore.status();
  const off: () => void = procore.on('token-renewed', ({ account, accessToken, unsaved }) => {
    const detail: ProcoreEvents['token-renewed'] = { account, accessToken, unsaved };
    void detail;
  });
  off();
  procore.detach();
  await procore.idle();
  return [token, set.refresh_token, status.state, procore.unsavedTokens()];
}
export function told(error: unknown): string {
  if (error instanceof ReauthenticationRequiredError) {
    const reason: ReauthenticationReason = error.reason;
    return reason;
  }
  if (error instanceof TokenRenewalError) return String(error.retryAt?.getTime());
  if (!isProcoreError(error)) return '';
  const code: ProcoreErrorCode = error.code;
  return `${code} ${error.kind} ${error.message}`;
}

// Every own error is told by its code, and then shows what it alone has.
export function byCode(error: unknown): string {
  if (isProcoreError(error) && error.code === 'ERR_PROCORE_REAUTHENTICATION_REQUIRED') {
    const narrowed: ReauthenticationRequiredError = error;
    return `${narrowed.name} ${error.reason}`;
  }
  if (!isProcoreError(error)) return '';
  // @ts-expect-error -- there is no such code
  if (error.code === 'ERR_PROCORE_NONE') return '';
  switch (error.code) {
    case 'ERR_PROCORE_REAUTHENTICATION_REQUIRED':
      return error.reason satisfies ReauthenticationReason;
    case 'ERR_PROCORE_TOKEN_RENEWAL_FAILED':
    case 'ERR_PROCORE_RATE_LIMITED':
      return String((error.retryAt satisfies Date | undefined)?.getTime());
    case 'ERR_PROCORE_CLIENT_REJECTED':
    case 'ERR_PROCORE_TOKEN_STORE_FAILED':
    case 'ERR_PROCORE_DEADLINE':
    case 'ERR_PROCORE_WRONG_ENVIRONMENT':
    case 'ERR_PROCORE_ACCOUNT_UNDECIDED':
      // @ts-expect-error -- only the first one has a reason
      return error.reason as string;
    default: {
      const none: never = error;
      return none;
    }
  }
}
export function byClass(error: unknown): string {
  if (!(error instanceof ProcoreError)) return '';
  return error.kind === 'reauthentication-required' ? error.reason : error.code;
}
export const codeOf = (error: ProcoreError): ProcoreErrorCode => error.code;
export const everyCode: ProcoreErrorCode extends ProcoreError['code'] ? true : never = true;

// The problem of a call, also where axios's own declarations cannot be added to.
export function problemOn(error: unknown, failed: AxiosError): (Problem | number | undefined)[] {
  const own: Problem | undefined = hasProblem(error) ? error.procore : undefined;
  // @ts-expect-error -- a problem may be missing
  const unchecked: Problem = (failed as { procore?: Problem }).procore;
  if (!hasProblem(failed)) return [own, unchecked];
  const problem: Problem = failed.procore;
  return [own, problem, failed.response?.status];
}
export function forSupport(error: unknown): [SupportReport, string, number | undefined] {
  const report = supportReport(error, { at: new Date(), secrets: ['tower'] });
  // @ts-expect-error -- there may be no request
  const url: string = report.request.url;
  return [report, `${String(report)} ${url}`, report.attempts];
}
export const login: string = environments.production.loginUrl;
export const name: EnvironmentName = 'developer-sandbox';
export const logger: Logger = console;

export async function emulated(): Promise<LogEntry[]> {
  const emulator: Emulator = await startEmulator({ spentTokens: 'B' });
  emulator.misbehave({ on: 'token', after: true, do: { kind: 'drop' } });
  await emulator.close();
  return [...emulator.log];
}

export async function observed(csv: string): Promise<[HealthReport, string]> {
  const recorder: HealthRecorder = recordHealth(procore, { file: undefined, maxRoutes: 10 });
  await recorder.stop();
  const { observations, worstRoutes } = healthOf(csv, { privateEndpoints: ['/rest/v1.0/boards/*'] });
  const routes: string[] = [...worstRoutes, ...observations[0]!.worstRoutes].map(({ route }) => route);
  return [recorder.report(), recorder.csv() + recorder.html() + healthPage(healthOf(csv)) + routes.join()];
}

export async function collected(ids: readonly { origin_id: string }[]): Promise<SyncResult<{ id: number }>> {
  const list: ListOptions = { ahead: 4, params: { per_page: 10 }, procore: { companyId: 5 } };
  for await (const item of listAll<{ id: number }>(instance, '/rest/v1.0/projects', list)) item.id.toFixed();
  for await (const item of listAll(instance, '/rest/v1.0/projects', { ahead: undefined })) {
    // @ts-expect-error -- what a list has is unknown until the caller says it
    const id: unknown = item.id;
    console.log(id);
  }
  for await (const { data, headers } of paginate<string[]>(instance, '/rest/v1.0/projects'))
    console.log(data.join(), headers['total']);
  const sync: SyncOptions = {
    batchSize: 100,
    onProgress: ({ done, total }: SyncProgress) => console.log(done / total),
    timeout: 1_000,
  };
  try {
    const result = await syncInBatches<{ id: number }>(instance, '/rest/v1.0/vendors/sync', ids, sync);
    const failed: SyncFailure[] = result.errors;
    return { ...result, errors: failed };
  } catch (error) {
    if (!(error instanceof BatchError)) throw error;
    const left: unknown[] = [...error.maybeDone, ...error.notDone];
    throw new Error(`${left.length} of ${left.length + error.done.length} are left`, { cause: error.cause });
  }
}
