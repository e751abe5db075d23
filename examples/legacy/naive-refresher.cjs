/**
 * Refreshes after a 401, as most tutorials do it.
 *
 * What is wrong: there is no queue. Three calls with one expired token make three refreshes with one single-use refresh token. One of them
 * succeeds, and the other two calls fail.
 */
const fs = require('fs');
const axios = require('axios');

const { TOKENS_FILE, API_URL, LOGIN_URL, CLIENT_ID, CLIENT_SECRET, PAUSE_SECONDS = '4' } = process.env;

let tokens = JSON.parse(fs.readFileSync(TOKENS_FILE, 'utf8'));

axios.defaults.baseURL = API_URL;

axios.interceptors.request.use((config) => {
  if (!config.url.includes('/oauth/')) config.headers['Authorization'] = 'Bearer ' + tokens.access_token;
  return config;
});

axios.interceptors.response.use(undefined, async (error) => {
  const { config, response } = error;
  if (!response || response.status !== 401 || config.url.includes('/oauth/')) throw error;
  tokens = await refresh();
  return axios(config);
});

async function refresh() {
  const form = new URLSearchParams({
    grant_type: 'refresh_token',
    client_id: CLIENT_ID,
    client_secret: CLIENT_SECRET,
    refresh_token: tokens.refresh_token,
  });
  const { data } = await axios.post(LOGIN_URL + '/oauth/token', form.toString(), {
    headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
  });
  fs.writeFileSync(TOKENS_FILE, JSON.stringify(data));
  return data;
}

const summary = { calls: 0, succeeded: 0, failed: [] };

async function call() {
  summary.calls++;
  try {
    const { data } = await axios.get('/rest/v1.0/me');
    if (data.id === undefined) throw new Error('an answer without an id');
    summary.succeeded++;
  } catch (error) {
    const { data } = error.response ?? {};
    summary.failed.push((data && data.error) || error.message);
  }
}

async function worker() {
  await call();
  await call();
}

async function main() {
  await Promise.all([worker(), worker(), worker()]);
  // The user looks at the screen for a while.
  await new Promise((resolve) => setTimeout(resolve, PAUSE_SECONDS * 1000));
  await Promise.all([worker(), worker(), worker()]);
  console.log(JSON.stringify(summary));
}

main();
