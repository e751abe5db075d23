'use strict';
const { createServer } = require('node:http');
const { once } = require('node:events');

const json = { 'content-type': 'application/json', 'x-answer': 'yes' };

/** A server that notes what it is sent. `answer(seen, response)` answers; `on` is a port, or a socket that listens already. */
async function startServer(answer, on = 0) {
  const seen = [];
  const waiting = [];
  const server = createServer((request, response) => {
    response.sendDate = false;
    const chunks = [];
    request.on('data', (chunk) => chunks.push(chunk)).on('error', () => undefined);
    request.on('end', () => {
      const { method, url, headers, rawHeaders } = request;
      const one = { method, url, headers, rawHeaders, body: Buffer.concat(chunks).toString('latin1') };
      // A call that is given up by its time-out may come here late, or not at all.
      if (url === '/slow') return;
      seen.push(one);
      for (const tell of waiting.splice(0)) tell();
      answer(one, response);
    });
  });
  if (on === 0) server.listen(0, '127.0.0.1');
  else server.listen(on);
  await once(server, 'listening');
  return {
    seen,
    /** Resolves with the next request. */
    arrival: () => new Promise((resolve) => waiting.push(resolve)),
    url: `http://127.0.0.1:${server.address().port}`,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** A host that is none of Procore's: what is asked in the path, it does. */
function startElsewhere() {
  return startServer(({ url }, response) => {
    const { pathname, searchParams } = new URL(url, 'http://elsewhere');
    if (pathname === '/hang') return;
    if (pathname === '/redirect') return void response.writeHead(302, { location: '/landed' }).end();
    const status = Number(searchParams.get('code') ?? 200);
    response.writeHead(status, { ...json, 'set-cookie': ['a=1', 'b=2'] }).end('{"name":"Größe"}');
  });
}

/** Procore's two hosts in one: one pair of tokens is good, and each renewal gives the next. */
async function startProcore(elsewhere, socket) {
  const procore = await startServer(({ method, url, headers, body }, response) => {
    const { pathname, searchParams } = new URL(url, 'http://procore');
    if (pathname === '/oauth/token') {
      const isGood = new URLSearchParams(body).get('refresh_token') === `refresh-${state.generation}`;
      if (!isGood || state.refuses)
        return void response.writeHead(400, json).end('{"error":"invalid_grant"}');
      state.exchanges++;
      state.generation++;
      return void response.writeHead(200, json).end(JSON.stringify(state.pair()));
    }
    if (pathname === '/rest/v1.0/hang') return;
    const good = `access-${state.generation}`;
    if (headers.authorization !== `Bearer ${good}` || state.revoked === good)
      return void response.writeHead(401, { 'www-authenticate': 'Bearer error="invalid_token"' }).end();
    if (pathname === '/rest/v1.0/redirect')
      return void response.writeHead(302, { location: `${elsewhere.url}/landed` }).end();
    if (pathname === '/rest/v1.0/busy') return void response.writeHead(502).end();
    const status = Number(searchParams.get('code') ?? 200);
    response.writeHead(status, json).end(JSON.stringify({ method, url, headers, body }));
  }, socket);
  const state = {
    generation: 1,
    exchanges: 0,
    /** This access token is dead, and its refresh token is not. */
    revoked: undefined,
    /** No refresh token is good any more. */
    refuses: false,
    pair: () => ({
      access_token: `access-${state.generation}`,
      refresh_token: `refresh-${state.generation}`,
      token_type: 'Bearer',
      expires_in: 5400,
      created_at: Math.floor(Date.now() / 1000),
    }),
  };
  return Object.assign(procore, { state });
}

module.exports = { startElsewhere, startProcore };
