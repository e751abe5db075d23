// Proof of an exemption: adding a property to `AxiosError`, on axios alone.
import type { AxiosError } from 'axios';

declare module 'axios' {
  interface AxiosError {
    added?: string;
  }
}
export const added = (error: AxiosError): string | undefined => error.added;
