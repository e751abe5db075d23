import type { AxiosAdapter } from 'axios';
import type { TokenSet } from 'axios-procore';
import type { Agent } from 'node:http';

/** What a contender is set up in: the same for all of them. */
export interface World {
  /** The origin of the API and of the login host. */
  readonly origin: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** The pair that the user holds at first. */
  readonly tokens: TokenSet;
  /** Sends every call of a contender that is an axios; the adapter is a stub where there is no server. */
  readonly transport: { readonly httpAgent: Agent } | { readonly adapter: AxiosAdapter };
  /** The rate limit of the API, for the contender that has to be told. */
  readonly limit: { readonly maxRequests: number; readonly perMilliseconds: number };
}

/** A contender that is ready for calls. Both functions reject where the call fails. */
export interface Client {
  get(path: string): Promise<unknown>;
  post(path: string, body: object): Promise<unknown>;
}

/** Sets a contender up as its README says. */
export type Connect = (world: World) => Client;

export const companyId = '562949953421401';
