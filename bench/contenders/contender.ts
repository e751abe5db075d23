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

export interface Contender {
  readonly name: string;
  /** How it is set up, as its README says, in a sentence for the page. */
  readonly setUp: string;
  /** Whether it gets a new access token by itself. */
  readonly renews: boolean;
  /** Whether it repeats a call that a server turned away with a 503. */
  readonly retries: boolean;
  /** Whether it keeps within a rate limit. */
  readonly paces: boolean;
  /** Whether an axios adapter can stand in for the network. */
  readonly isAxios: boolean;
  connect(world: World): Client;
}

export const companyId = '562949953421401';
