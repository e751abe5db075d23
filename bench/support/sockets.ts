import { Agent } from 'node:http';

/** The connections of every contender that is an axios: kept alive, 50 at most. */
export const createSockets = (): Agent => new Agent({ keepAlive: true, maxSockets: 50 });
