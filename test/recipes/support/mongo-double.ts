import { createServer, type AddressInfo, type Socket } from 'node:net';
import { client, type Engine } from './engines.js';

type Document = Record<string, unknown>;
/** Of `update` and `delete`: the filter, the change, and whether a document is made where there is none. */
interface Statement {
  q: Document;
  u: Document;
  upsert?: boolean;
}
interface Bson {
  serialize(document: Document): Uint8Array;
  deserialize(bytes: Uint8Array): Document;
}

/** A filter of equalities, as MongoDB has it: null is also a field that is not there. */
const fits = (filter: Document) => (document: Document) =>
  Object.entries(filter).every(([name, value]) => (document[name] ?? null) === value);

/**
 * As much of MongoDB as the recipe for Mongoose uses, for no package runs one within a process: the commands find, update and delete on one collection,
 * with filters of equalities, over MongoDB's wire protocol (OP_MSG). It shows what Mongoose sends and makes of an answer, and not what a
 * server promises.
 */
export async function startMongoDouble(): Promise<Engine> {
  const { BSON: bson } = (client('mongoose') as { mongo: { BSON: Bson } }).mongo;
  const documents = new Map<unknown, Document>();
  const found = (filter: Document) => [...documents.values()].filter(fits(filter));

  function update({ q, u, upsert }: Statement): Document {
    const [document] = found(q);
    const known = ['$set', '$setOnInsert'];
    const unknown = Object.keys(u).find((name) => !known.includes(name));
    if (unknown) throw new Error(`the double knows no ${unknown}`);
    if (document) Object.assign(document, u['$set']);
    if (document || !upsert) return { n: document ? 1 : 0, nModified: document ? 1 : 0 };
    documents.set(q['_id'], { ...q, ...(u['$set'] as object), ...(u['$setOnInsert'] as object) });
    return { n: 1, nModified: 0, upserted: [{ index: 0, _id: q['_id'] }] };
  }

  function answer(command: Document): Document {
    const name = Object.keys(command)[0] ?? '';
    const [statement] = (command['updates'] ?? command['deletes'] ?? []) as [Statement?];
    switch (name) {
      case 'find':
        return {
          cursor: { id: 0n, ns: 'test.rows', firstBatch: found(command['filter'] as Document) },
          ok: 1,
        };
      case 'update':
        return { ...update(statement!), ok: 1 };
      case 'delete': {
        const gone = found(statement!.q);
        for (const { _id } of gone) documents.delete(_id);
        return { n: gone.length, ok: 1 };
      }
      default:
        return { helloOk: true, isWritablePrimary: true, maxWireVersion: 21, minWireVersion: 0, ok: 1 };
    }
  }

  const server = createServer((socket) => serve(socket, bson, answer));
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  return {
    url: `mongodb://127.0.0.1:${(server.address() as AddressInfo).port}/test`,
    stop: () => new Promise((resolve) => void server.close(() => resolve())),
  };
}

const opReply = 1;
const opQuery = 2004;
const opMsg = 2013;

/** Reads one message after the other: a header of length, id, id of the request and kind, each of 32 bits, and what the kind has. */
function serve(socket: Socket, bson: Bson, answer: (command: Document) => Document): void {
  let rest = Buffer.alloc(0);
  const send = (kind: number, to: number, head: Buffer, document: Document) => {
    const body = Buffer.concat([head, bson.serialize(document)]);
    const header = Buffer.alloc(16);
    [16 + body.length, 1, to, kind].forEach((word, n) => header.writeInt32LE(word, n * 4));
    socket.write(Buffer.concat([header, body]));
  };
  socket.on('error', () => undefined);
  socket.on('data', (bytes) => {
    rest = Buffer.concat([rest, bytes]);
    while (rest.length >= 4 && rest.length >= rest.readInt32LE(0)) {
      const message = rest.subarray(0, rest.readInt32LE(0));
      rest = rest.subarray(message.length);
      const [id, kind] = [message.readInt32LE(4), message.readInt32LE(12)];
      // The handshake is an OP_QUERY: flags, the collection's name, two numbers, the query.
      if (kind === opQuery) {
        const head = Buffer.alloc(20);
        head.writeInt32LE(1, 16);
        send(opReply, id, head, answer({ hello: 1 }));
      } else if (kind === opMsg) send(opMsg, id, Buffer.alloc(5), answer(commandIn(message, bson)));
    }
  });
}

/** The command of an OP_MSG: flags, then sections, of which one is the command and others are lists that belong into it. */
function commandIn(message: Buffer, bson: Bson): Document {
  const command: Document = {};
  const document = (at: number) => message.subarray(at, at + message.readInt32LE(at));
  for (let at = 20; at < message.length;) {
    const section = at + 1;
    const end = section + message.readInt32LE(section);
    if (message[at] === 0) Object.assign(command, bson.deserialize(document(section)));
    else {
      const nameEnd = message.indexOf(0, section + 4);
      const list: Document[] = [];
      for (let next = nameEnd + 1; next < end; next += message.readInt32LE(next))
        list.push(bson.deserialize(document(next)));
      command[message.toString('utf8', section + 4, nameEnd)] = list;
    }
    at = end;
  }
  return command;
}
