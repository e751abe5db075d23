/**
 * A sync of thousands of calls on an application's own axios instance, as fast as the rate limits let it, while its access tokens expire
 * every few seconds, one answer of the token endpoint is lost, the API is down for a while and one token is revoked on the server. Run it
 * with `npm run demo`; `-- --workers 4 --store file` shares it among processes, `-- --help` lists the options.
 */
import { runAlone } from './demo/alone.js';
import { runFleet } from './demo/fleet.js';
import { readOptions } from './demo/options.js';

const { store, ...options } = readOptions(process.argv);
process.exitCode = store === 'memory' ? await runAlone(options) : await runFleet({ ...options, store });
