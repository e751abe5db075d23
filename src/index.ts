/**
 * The plugin: {@link attachProcore} is where to begin.
 *
 * @module axios-procore
 */

export { accountBySubject } from './options/account-by-subject.js';
export { companyFromRequest } from './options/company-from-request.js';
export { attachProcore } from './attach/attach.js';
export { procoreOf } from './attach/instance.js';
export type { AttachProcore } from './attach/attach.js';
export type { Procore } from './attach/handle.js';
export type { AxiosLike } from './axios/versions.js';
export type { AuthorizationRequest, CodeRequest } from './attach/authorization-url.js';
export type {} from './axios/error-type.js';
export { environments } from './wire/environments.js';
export type { Environment, EnvironmentName } from './wire/environments.js';
export {
  AccountUndecidedError,
  ClientRejectedError,
  DeadlineError,
  isProcoreError,
  ProcoreError,
  RateLimitedError,
  ReauthenticationRequiredError,
  TokenRenewalError,
  TokenStoreError,
  WrongEnvironmentError,
} from './failure/errors.js';
export type {
  ErrorDetails,
  ProcoreErrorBase,
  ProcoreErrorCode,
  ProcoreErrorKind,
  ReauthenticationReason,
} from './failure/error-base.js';
export { partialFailures } from './failure/partial-failures.js';
export type { PartialFailure } from './failure/partial-failures.js';
export type { ProblemKind } from './failure/catalogue.js';
export type { ProblemReason } from './failure/reasons.js';
export { hasProblem, problemOf } from './failure/carried.js';
export { supportReport } from './attach/support-report.js';
export type {
  ReportedAnswer,
  ReportedRequest,
  SupportReport,
  SupportReportOptions,
} from './report/fields.js';
export type { GaveUp, Problem } from './failure/problem.js';
export type { CallOfEvent, CallSoFar, Fingerprint, ProcoreEvents, WarningCode } from './observe/events.js';
export type {
  CompanyId,
  CustomExchange,
  LegacyOptions,
  LogFields,
  Logger,
  LoggerWithLog,
  ProcoreOptions,
  ProcoreRequestOptions,
  RateLimitOptions,
  RateLimitScope,
  RenewalGrant,
  RenewalOptions,
  RetryOptions,
} from './options/options.js';
export type { Question, Reply, SharedPacing, ToldLimit, ToldRefusal } from './pacing/shared/exchange.js';
export type { PacingStatus } from './pacing/status.js';
export { memoryTokenStore } from './store/memory.js';
export { TokenStoreConflict } from './store/store.js';
export type {
  Announcement,
  LockRecord,
  RenewalNotice,
  RenewalNotices,
  TokenSet,
  TokenStore,
} from './store/store.js';
export type { Freshness } from './token/pair/freshness.js';
export type { TokenStatus } from './token/told/status.js';
