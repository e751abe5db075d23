/**
 * Keeps the tokens in a table, makes an axios instance for each call, and on a 401 refreshes and updates the row.
 *
 * What is wrong: reading the row, refreshing and writing it are three steps, and other callers may read the same row in between. All but
 * the first of them then present a spent refresh token.
 */
const fs = require('fs');
const axios = require('axios');
const initSqlJs = require('sql.js');

const { DB_FILE, BASE_URL, AUTH_URL, CLIENT_ID, CLIENT_SECRET, PAUSE_SECONDS = '4' } = process.env;
let db;

function persist() {
  fs.writeFileSync(DB_FILE, Buffer.from(db.export()));
}

function readRow() {
  const [result] = db.exec('SELECT access_token, refresh_token FROM procore_tokens WHERE id = 1');
  const [accessToken, refreshToken] = result.values[0];
  return { accessToken, refreshToken };
}

async function openDatabase() {
  const SQL = await initSqlJs();
  db = new SQL.Database(fs.existsSync(DB_FILE) ? fs.readFileSync(DB_FILE) : undefined);
  db.run('CREATE TABLE IF NOT EXISTS procore_tokens (id INTEGER PRIMARY KEY, access_token, refresh_token)');
  // The first start; later ones find the row.
  const first = [process.env.FIRST_ACCESS_TOKEN, process.env.FIRST_REFRESH_TOKEN].map((token) => token ?? '');
  db.run('INSERT OR IGNORE INTO procore_tokens VALUES (1, ?, ?)', first);
  persist();
}

function client(accessToken) {
  return axios.create({ baseURL: BASE_URL, headers: { Authorization: 'Bearer ' + accessToken } });
}

async function refreshRow(refreshToken) {
  const body = new URLSearchParams();
  body.append('grant_type', 'refresh_token');
  body.append('client_id', CLIENT_ID);
  body.append('client_secret', CLIENT_SECRET);
  body.append('refresh_token', refreshToken);
  const { data } = await axios.create({ baseURL: AUTH_URL }).post('/oauth/token', body);
  db.run('UPDATE procore_tokens SET access_token = ?, refresh_token = ? WHERE id = 1', [
    data.access_token,
    data.refresh_token,
  ]);
  persist();
}

async function me() {
  const row = readRow();
  try {
    return await client(row.accessToken).get('/rest/v1.0/me');
  } catch (error) {
    if (!error.response || error.response.status !== 401) throw error;
    await refreshRow(row.refreshToken);
    return client(readRow().accessToken).get('/rest/v1.0/me');
  }
}

const summary = { calls: 0, succeeded: 0, failed: [] };

async function job() {
  for (let time = 0; time < 2; time++) {
    summary.calls++;
    await me().then(
      () => summary.succeeded++,
      ({ response, message }) => summary.failed.push((response && response.data.error) || message),
    );
  }
}

(async () => {
  await openDatabase();
  await Promise.all([job(), job(), job()]);
  // The time until somebody opens the page again.
  await new Promise((resolve) => setTimeout(resolve, PAUSE_SECONDS * 1000));
  await Promise.all([job(), job(), job()]);
  console.log(JSON.stringify(summary));
})();
