/**
 * Checks the expiry before each call and refreshes in time. Its credentials are in the query string.
 *
 * What is wrong: nothing prevents a second refresh between the check and the answer, so calls at the same time all make one. And a query
 * string with its secret ends up in the logs of every proxy.
 */
const fs = require('fs');
const axios = require('axios');

// node proactive-no-mutex.cjs config.json
const configFile = process.argv[2];
const config = JSON.parse(fs.readFileSync(configFile, 'utf8'));
const { pauseSeconds = 4, marginSeconds = 1 } = config;

const procore = axios.create({ baseURL: config.apiUrl, timeout: 30000 });

const now = () => Date.now() / 1000;

async function accessToken() {
  const { tokens } = config;
  if (tokens.expires_at - now() > marginSeconds) return tokens.access_token;
  const { data } = await procore.post('/oauth/token', null, {
    baseURL: config.loginUrl,
    params: {
      grant_type: 'refresh_token',
      client_id: config.clientId,
      client_secret: config.clientSecret,
      refresh_token: tokens.refresh_token,
    },
  });
  config.tokens = { ...data, expires_at: now() + data.expires_in };
  fs.writeFileSync(configFile, JSON.stringify(config, null, 2));
  return data.access_token;
}

async function get(path) {
  const token = await accessToken();
  const { data } = await procore.get(path, {
    headers: { Authorization: 'Bearer ' + token, 'Procore-Company-Id': config.companyId },
  });
  return data;
}

const summary = { calls: 0, succeeded: 0, failed: [] };

async function attempt(path) {
  summary.calls++;
  try {
    await get(path);
    summary.succeeded++;
  } catch (error) {
    const body = error.response && error.response.data;
    summary.failed.push((body && body.error) || error.message);
  }
}

async function sync() {
  await attempt('/rest/v1.0/projects');
  await attempt('/rest/v1.0/me');
}

(async () => {
  await Promise.all([sync(), sync(), sync()]);
  // A cron job that has nothing to do for a while.
  await new Promise((resolve) => setTimeout(resolve, pauseSeconds * 1000));
  await Promise.all([sync(), sync(), sync()]);
  console.log(JSON.stringify(summary));
})();
