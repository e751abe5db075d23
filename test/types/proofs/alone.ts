// Proof of an exemption: axios alone, as a consumer of its types.
import type { AxiosInstance } from 'axios';

declare const instance: AxiosInstance;
export const status: Promise<number> = instance.get('/x').then((response) => response.status);
