import type { Reply } from '../shared/exchange.js';

/** The reply in what the script has returned; undefined for anything else. */
export function parseReply(text: string | undefined): Reply | undefined {
  try {
    const parsed: unknown = JSON.parse(text ?? '');
    const isReply = typeof parsed === 'object' && parsed !== null && 'epoch' in parsed && 'granted' in parsed;
    return isReply ? (parsed as Reply) : undefined;
  } catch {
    return undefined;
  }
}
