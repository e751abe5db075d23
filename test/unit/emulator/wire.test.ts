import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { expect, test } from 'vitest';
import { json } from '../../../src/emulator/message.js';
import { createWire } from '../../../src/emulator/wire.js';

/** The way back to a client that has left. */
function wireOfNobody() {
  const response = new ServerResponse(new IncomingMessage(new Socket()));
  response.destroy();
  const told: number[] = [];
  const wire = createWire(
    response,
    () => 0,
    {},
    (status) => told.push(status),
  );
  return { wire, told };
}

test.each(['send', 'cut'] as const)(
  '%s: a client that has left gets no answer, and none is told of',
  (way) => {
    const { wire, told } = wireOfNobody();
    wire[way](json(200, {}));
    expect(told).toEqual([]);
  },
);

test('a client that left before anybody listened is told of all the same', async () => {
  const { wire } = wireOfNobody();
  await new Promise<void>((resolve) => void wire.onGone(resolve));
});
