import type { Reply } from '../shared/exchange.js';
import { replyOf } from '../shared/reply.js';

/** The reply in what the script has returned; undefined for anything else. */
export function parseReply(text: string | undefined): Reply | undefined {
  try {
    return replyOf(JSON.parse(text ?? ''));
  } catch {
    return undefined;
  }
}
