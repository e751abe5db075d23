/**
 * A service account that requests a token when it starts, and never another one.
 *
 * What is wrong: a token is valid for ninety minutes. The operators have learnt to restart the program every hour.
 */
import axios from 'axios';

const settings = {
  login: process.env.PROCORE_LOGIN ?? 'https://login.procore.com',
  api: process.env.PROCORE_API ?? 'https://api.procore.com',
  key: process.env.DMSA_KEY,
  secret: process.env.DMSA_SECRET,
  company: process.env.DMSA_COMPANY,
  pauseSeconds: Number(process.env.PAUSE_SECONDS ?? 4),
};

const { data: token } = await axios.post(
  `${settings.login}/oauth/token`,
  new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: settings.key,
    client_secret: settings.secret,
  }),
);

const procore = axios.create({
  baseURL: `${settings.api}/rest/v1.0`,
  headers: { Authorization: `Bearer ${token.access_token}`, 'Procore-Company-Id': settings.company },
});

const summary = { calls: 0, succeeded: 0, failed: [] };

async function poll(path) {
  for (let time = 0; time < 2; time++) {
    summary.calls++;
    try {
      await procore.get(path);
      summary.succeeded++;
    } catch (error) {
      summary.failed.push(error.message);
    }
  }
}

const round = () => Promise.all([poll('/projects'), poll('/me'), poll('/companies')]);

await round();
// It polls at intervals.
await new Promise((resolve) => setTimeout(resolve, settings.pauseSeconds * 1000));
await round();
console.log(JSON.stringify(summary));
