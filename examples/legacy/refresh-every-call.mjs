/**
 * Refreshes before every call, to be safe. Its token requests are JSON, which Procore's documentation does not promise.
 *
 * What is wrong: calls at the same time present the same single-use refresh token. And where a refresh invalidates the old access token at
 * once, each refresh causes a 401 for a call that another part has just sent.
 */
import axios from 'axios';

const { OAUTH_HOST, API_HOST, APP_ID, APP_SECRET, COMPANY, PAUSE_SECONDS = '4' } = process.env;

const session = { access: process.env.ACCESS_TOKEN, refresh: process.env.REFRESH_TOKEN };

async function freshToken() {
  const response = await axios.post(`${OAUTH_HOST}/oauth/token`, {
    grant_type: 'refresh_token',
    client_id: APP_ID,
    client_secret: APP_SECRET,
    refresh_token: session.refresh,
  });
  session.access = response.data.access_token;
  session.refresh = response.data.refresh_token;
  return session.access;
}

async function listProjects() {
  const token = await freshToken();
  const { data } = await axios.get(`${API_HOST}/rest/v1.0/projects`, {
    headers: { Authorization: `Bearer ${token}`, 'Procore-Company-Id': COMPANY },
  });
  return data;
}

const summary = { calls: 0, succeeded: 0, failed: [] };

async function importer() {
  for (let page = 1; page <= 2; page++) {
    summary.calls++;
    try {
      const projects = await listProjects();
      if (!Array.isArray(projects)) throw new Error('no list');
      summary.succeeded++;
    } catch (error) {
      summary.failed.push(error.response?.data?.error || error.message);
    }
  }
}

await Promise.all([importer(), importer(), importer()]);
// The next run is not due yet.
await new Promise((resolve) => setTimeout(resolve, PAUSE_SECONDS * 1000));
await Promise.all([importer(), importer(), importer()]);
console.log(JSON.stringify(summary));
