'use strict';
const { once } = require('node:events');
const { startElsewhere, startProcore } = require('./servers.cjs');

/**
 * Runs in an application: `kind` is `bare`, `attach` or `register`. Tells its parent what calls elsewhere came to, and what does not hold
 * of calls to Procore. `library` is the axios of a library in the same process, `builds` loads the plugin: as
 * the application is loaded, and as it is not.
 */
module.exports = async function run({ axios, builds, library }) {
  const kind = process.argv[2];
  const elsewhere = await startElsewhere();
  const wrong = [];
  if (kind !== 'bare') {
    const [, socket] = await once(process, 'message');
    const procore = await startProcore(elsewhere, socket);
    wrong.push(...(await runs[kind]({ axios, builds, library, procore, elsewhere })));
    procore.close();
  }
  elsewhere.close();
  // Attached, so that they go through the plugin as well.
  const callElsewhere = require('./elsewhere.cjs');
  const away = {
    ...(await callElsewhere(axios, { label: 'application', isWhole: true })),
    ...(await callElsewhere(library, { label: 'library', isWhole: false })),
  };
  // Renewal in advance has a timer yet, and the socket is the parent's.
  process.send({ wrong, away }, () => process.exit(0));
};

const calls = (given) => require('./procore.cjs')(given);
const quiet = { debug() {}, info() {}, warn() {}, error() {} };

const runs = {
  async attach({ axios, builds, procore, elsewhere }) {
    const wrong = [];
    for (const what of ['created', 'default']) {
      const plugin = await builds[what === 'created' ? 'same' : 'other']();
      const { attachProcore, isProcoreError, ReauthenticationRequiredError, memoryTokenStore } = plugin;
      // The refresh token that was refused is known to be dead.
      procore.state.generation++;
      Object.assign(procore.state, { refuses: false, revoked: undefined });
      const store = memoryTokenStore(procore.state.pair());
      const options = {
        ...{ clientId: 'id', clientSecret: 'secret', companyId: 42, logger: quiet, store },
        environment: { loginUrl: procore.url, apiUrl: procore.url },
      };
      const handles = [];
      const make = () => {
        const instance = what === 'created' ? axios.create({ proxy: false, baseURL: procore.url }) : axios;
        if (what === 'default') Object.assign(axios.defaults, { proxy: false, baseURL: procore.url });
        for (const handle of what === 'default' ? handles : []) handle.detach();
        handles.push(attachProcore(instance, options));
        return instance;
      };
      const isWhole = what === 'created';
      const { living, dying } = calls({
        axios,
        make,
        procore,
        elsewhere,
        isProcoreError,
        kind: what,
        isWhole,
      });
      wrong.push(...(await living()), ...(await dying()));
      const error = await handles
        .at(-1)
        .renew()
        .catch((reason) => reason);
      const isOwn = isProcoreError(error) && error instanceof ReauthenticationRequiredError;
      if (!isOwn || (axios.AxiosError && !(error instanceof axios.AxiosError)))
        wrong.push(
          `${what}: renew() rejects with the plugin's class and the application's: ${error?.message}`,
        );
    }
    delete axios.defaults.proxy;
    delete axios.defaults.baseURL;
    return wrong;
  },

  async register({ axios, library, procore, elsewhere }) {
    const { writeFileSync } = require('node:fs');
    writeFileSync(process.env.PROCORE_TOKEN_FILE, JSON.stringify(procore.state.pair()), { mode: 0o600 });
    // Each call as the application makes it: with what it has for its default, and with an instance of its own.
    const isProcoreError = (error) => error?.[Symbol.for('axios-procore.error')] === true;
    const base = { proxy: false, baseURL: procore.url };
    const common = { procore, elsewhere, isProcoreError };
    const made = (kind, axios, isWhole) =>
      calls({ ...common, kind, axios, isWhole, make: () => axios.create(base) });
    Object.assign(axios.defaults, base);
    const all = [
      made('created', axios, true),
      calls({ ...common, kind: 'default', axios, isWhole: false, make: () => axios }),
      made('library', library, false),
    ];
    const wrong = [];
    for (const { living } of all) wrong.push(...(await living()));
    for (const { dying } of all) wrong.push(...(await dying()));
    delete axios.defaults.proxy;
    delete axios.defaults.baseURL;
    return wrong;
  },
};
