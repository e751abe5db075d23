export { attachProcore } from './attach.js';
export type { AttachProcore, Procore } from './attach.js';
export type { AxiosLike } from './axios.js';
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
export type { ProcoreErrorCode, ProcoreErrorKind, ReauthenticationReason } from './failure/errors.js';
export type { ProcoreEvents, WarningCode } from './observe/events.js';
export type {
  CompanyId,
  Logger,
  ProcoreOptions,
  ProcoreRequestOptions,
  RenewalOptions,
  RetryOptions,
} from './options.js';
export { memoryTokenStore } from './store/memory.js';
export { TokenStoreConflict } from './store/store.js';
export type { TokenSet, TokenStore } from './store/store.js';
export type { Freshness } from './token/freshness.js';
export type { TokenStatus } from './token/source.js';
