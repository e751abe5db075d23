// One of the processes of fleet.mjs: says that its call waits for a token, and ends well when it is answered.
import axios from 'axios';
import { attachProcore } from 'axios-procore';
import { fileTokenStore } from 'axios-procore/stores/file';

const { directory, environment, ...client } = JSON.parse(process.argv[2]);
const instance = axios.create({ baseURL: environment.apiUrl, proxy: false });
const store = fileTokenStore({ directory });
const procore = attachProcore(instance, { ...client, environment, store });
procore.on('request-waiting', () => console.log('waits'));
const { status } = await instance.get('/rest/v1.0/me');
process.exitCode = status === 200 ? 0 : 1;
