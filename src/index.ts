export { accountBySubject } from './account-by-subject.js';
export { attachProcore } from './attach.js';
export { procoreOf } from './attached.js';
export type { AttachProcore } from './attach.js';
export type { Procore } from './procore.js';
export type { AxiosLike } from './axios.js';
export type { AuthorizationRequest, CodeRequest } from './authorization.js';
export type {} from './error-type.js';
export { environments } from './environments.js';
export type { Environment, EnvironmentName } from './environments.js';
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
} from './failure/errors.js';
export { partialFailures } from './failure/partial-failures.js';
export type { PartialFailure } from './failure/partial-failures.js';
export type { ProblemKind } from './failure/catalogue.js';
export { hasProblem, problemOf } from './failure/carried.js';
export type { GaveUp, Problem } from './failure/problem.js';
export type { Fingerprint, ProcoreEvents, WarningCode } from './observe/events.js';
export type {
  CompanyId,
  LegacyOptions,
  Logger,
  LoggerWithLog,
  ProcoreOptions,
  ProcoreRequestOptions,
  RateLimitOptions,
  RateLimitScope,
  RenewalOptions,
  RetryOptions,
} from './options.js';
export { memoryTokenStore } from './store/memory.js';
export { TokenStoreConflict } from './store/store.js';
export type { LockRecord, TokenSet, TokenStore } from './store/store.js';
export type { CustomExchange } from './token/exchange.js';
export type { RenewalGrant } from './token/grant.js';
export type { Freshness } from './token/freshness.js';
export type { TokenStatus } from './token/status.js';
