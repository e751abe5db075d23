// Proof of an exemption: the default export of axios alone.
import axios from 'axios';

export const instance = axios.create({ baseURL: 'https://api.procore.com' });
