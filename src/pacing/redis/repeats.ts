/** Sends what was not answered yet again, but not without end. */
export type Repeat<T> = (name: string, send: () => Promise<T>) => Promise<T>;

/**
 * A client that has lost its server may keep every command until it is connected again. So no more than `most` of one name are under way;
 * who sends another one gets the reply to the last of them. More than one is useful where a client has several connections.
 */
export function createRepeats<T>(most = 3): Repeat<T> {
  const unanswered = new Map<string, Promise<T>[]>();
  return (name, send) => {
    const sent = unanswered.get(name) ?? [];
    if (sent.length >= most) return sent.at(-1)!;
    const reply = send();
    unanswered.set(name, [...sent, reply]);
    const settled = () => {
      const others = unanswered.get(name)?.filter((other) => other !== reply) ?? [];
      if (others.length > 0) unanswered.set(name, others);
      else unanswered.delete(name);
    };
    reply.then(settled, settled);
    return reply;
  };
}
