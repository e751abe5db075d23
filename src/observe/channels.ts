import { channel, type Channel } from 'node:diagnostics_channel';
import type { ProcoreEvents } from './events.js';

/** Where events are published for whoever subscribes in this process, whichever attach and copy of the package they come from. */
export interface Channels {
  publish<E extends keyof ProcoreEvents>(event: E, detail: ProcoreEvents[E]): void;
  hasSubscribers(event: keyof ProcoreEvents): boolean;
}

/**
 * Opens the channels `axios-procore:<event>` of `node:diagnostics_channel`. An exception of a subscriber harms no call: Node catches it, and
 * raises it in the next tick as an uncaught exception of the process, as it does on every channel.
 */
export function openChannels(): Channels {
  // They are kept, because Node forgets a channel that nobody holds, and every call asks for one.
  const channels = new Map<keyof ProcoreEvents, Channel>();

  function channelOf(event: keyof ProcoreEvents): Channel {
    const known = channels.get(event);
    if (known) return known;
    const opened = channel(`axios-procore:${event}`);
    channels.set(event, opened);
    return opened;
  }

  return {
    hasSubscribers: (event) => channelOf(event).hasSubscribers,
    publish: (event, detail) => channelOf(event).publish(detail),
  };
}
