import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import type { Emulator } from '../../src/emulator/index.js';

/** Signed by itself, for 127.0.0.1 and localhost, until 2126. Its key is no secret: it protects nothing but these tests. */
export const certificate = `-----BEGIN CERTIFICATE-----
MIIBrzCCAVWgAwIBAgIUKnp297DCSLQ4vE5QrMPwffJVkPUwCgYIKoZIzj0EAwIw
HjEcMBoGA1UEAwwTYXhpb3MtcHJvY29yZSB0ZXN0czAgFw0yNjExMjkwNzUzMDVa
GA8yMTI2MTEwNTA3NTMwNVowHjEcMBoGA1UEAwwTYXhpb3MtcHJvY29yZSB0ZXN0
czBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABOtdS20U37/C6Vcq+9czj2+9fK9L
HI7lnTquyESFBDZbCkazc3v9q5lOXEE0MsfrZ6QMfwNFRJ1TbZp9Et8jE8mjbzBt
MB0GA1UdDgQWBBQC+4dsCDkPeVJpyjKBOkjscQjgYjAfBgNVHSMEGDAWgBQC+4ds
CDkPeVJpyjKBOkjscQjgYjAPBgNVHRMBAf8EBTADAQH/MBoGA1UdEQQTMBGCCWxv
Y2FsaG9zdIcEfwAAATAKBggqhkjOPQQDAgNIADBFAiEApK+V411j2ftua44xqavb
dJZxHuw0XHrSQdt+eyGakvICIB3vGR0Wl2HKjN1XTEV38PYaQ/6T7WgiTwC4ebjK
VpH/
-----END CERTIFICATE-----
`;
const key = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgzEs60+7DC8j3lzPg
5kGzd8MbkT8b5h8o8K5vyjaNEsOhRANCAATrXUttFN+/wulXKvvXM49vvXyvSxyO
5Z06rshEhQQ2WwpGs3N7/auZTlxBNDLH62ekDH8DRUSdU22afRLfIxPJ
-----END PRIVATE KEY-----
`;

/** An emulator behind https, and a proxy that can read what is not sent through a tunnel. */
export interface SecureStage extends AsyncDisposable {
  /** Login and API host, https both. */
  readonly environment: { loginUrl: string; apiUrl: string };
  readonly proxy: {
    readonly url: string;
    readonly port: number;
    /** The first line of each request that it could read. */
    readonly lines: string[];
    /** Everything that it has got, in clear or not. */
    bytes(): string;
  };
}

/** Starts both on 127.0.0.1; `secure`: the proxy itself is spoken to by TLS. */
export async function startSecure(emulator: Emulator, secure = false): Promise<SecureStage> {
  const emulated = Number(new URL(emulator.url).port);
  const sockets = new Set<Socket>();
  const kept = <S extends Socket>(socket: S): S => {
    sockets.add(socket);
    return socket.on('error', () => socket.destroy()).on('close', () => sockets.delete(socket));
  };
  const joined = (one: Socket, other: Socket): void => {
    one.pipe(other).pipe(one);
    one.on('close', () => other.destroy());
    other.on('close', () => one.destroy());
  };

  const origin = createTlsServer({ key, cert: certificate }, (socket) =>
    joined(kept(socket), kept(connect(emulated, '127.0.0.1'))),
  );
  const port = await listening(origin);
  const lines: string[] = [];
  const chunks: Buffer[] = [];
  const serve = (socket: Socket): void => {
    kept(socket);
    socket.on('data', (chunk) => void chunks.push(chunk));
    socket.once('data', (first) => {
      const [line = ''] = first.toString('latin1').split('\r\n');
      lines.push(line);
      if (line.startsWith('CONNECT ')) {
        const there = kept(connect(port, '127.0.0.1'));
        socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
        return joined(socket, there);
      }
      // One request for each connection: it is made in the place of whoever asks.
      const there = kept(connect(emulated, '127.0.0.1'));
      const text = first.toString('latin1').replace(/ https:\/\/[^/]+/, ' ');
      there.write(
        text.replace(/\r\nconnection: [^\r]*/i, '').replace('\r\n', '\r\nConnection: close\r\n'),
        'latin1',
      );
      joined(socket, there);
    });
  };
  const proxy = secure ? createTlsServer({ key, cert: certificate }, serve) : createServer(serve);
  const proxyPort = await listening(proxy);
  return {
    environment: { loginUrl: `https://127.0.0.1:${port}`, apiUrl: `https://localhost:${port}` },
    proxy: {
      url: `${secure ? 'https' : 'http'}://127.0.0.1:${proxyPort}`,
      port: proxyPort,
      lines,
      bytes: () => Buffer.concat(chunks).toString('latin1'),
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await Promise.all([origin, proxy].map((server) => new Promise((resolve) => server.close(resolve))));
    },
  };
}

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}
