import { randomUUID } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  promises,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { storeContract } from '../../../src/store-contract/index.js';
import { fileTokenStore } from '../../../src/store/file.js';
import { checkAtStart } from '../../../src/store/file/at-start.js';
import { createFolder } from '../../../src/store/file/folder.js';
import { loadKernelLocks } from '../../../src/store/file/kernel.js';
import { isMountPoint, mountinfoPath } from '../../../src/store/file/mounts.js';
import { fileNameOf } from '../../../src/store/file/names.js';
import { placeInFile, placeInFolder } from '../../../src/store/file/place.js';
import { createRecord, parseRecord } from '../../../src/store/file/record.js';
import { createFileStore, type FileTokenStore } from '../../../src/store/file/store.js';
import type { FileSystem } from '../../../src/store/file/system.js';
import { isTokenStoreConflict, type LockRecord, type TokenSet } from '../../../src/store/store.js';
import { systemFailure, watchedFs } from '../../process/support/file-calls.js';
import { caught } from '../../support/caught.js';

const first: TokenSet = { access_token: 'access-1', refresh_token: 'refresh-1', expires_in: 5400 };
const second: TokenSet = { access_token: 'access-2', refresh_token: 'refresh-2', expires_in: 5400 };
const third: TokenSet = { access_token: 'access-3', refresh_token: 'refresh-3' };
const { signal } = new AbortController();
const modeOf = (path: string) => (statSync(path).mode & 0o7777).toString(8);

let parent: string;
let directory: string;
let store: FileTokenStore;

beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'axios-procore-file-'));
  directory = join(parent, 'made', 'tokens');
  store = fileTokenStore({ directory });
});
afterEach(() => rmSync(parent, { recursive: true, force: true }));

const storeOn = (fs: FileSystem) =>
  createFileStore({ place: placeInFolder(directory), kernel: loadKernelLocks(), fs });
const temporaryFiles = () => readdirSync(directory).filter((name) => name.endsWith('.tmp'));

describe('tokens in files', () => {
  test('are none before the first save, and loading them creates no file', async () => {
    expect(await store.load('acme')).toBeUndefined();
    await store.remove('acme');
    expect(readdirSync(parent)).toEqual([]);
  });

  test('are kept by account, for this store and the next one', async () => {
    await store.save({ ...first, nested: { 'kept too': ['é', 1, null] } }, 'one', undefined);
    await store.save(second, 'two', undefined);
    const next = fileTokenStore({ directory });
    expect(await next.load('one')).toEqual({ ...first, nested: { 'kept too': ['é', 1, null] } });
    expect(await next.load('two')).toEqual(second);
    await next.remove('one');
    expect(await store.load('one')).toBeUndefined();
    expect(await store.load('two')).toEqual(second);
    expect(existsSync(store.pathOf('one'))).toBe(false);
  });

  test('are a readable file that names its account', async () => {
    await store.save(first, 'acme', undefined);
    expect(readFileSync(store.pathOf('acme'), 'utf8')).toBe(
      `${JSON.stringify({ version: 1, account: 'acme', tokens: first }, undefined, 2)}\n`,
    );
  });

  test('are replaced when the file holds the set before', async () => {
    await store.save(first, 'acme', undefined);
    await store.save(second, 'acme', first);
    expect(await store.load('acme')).toEqual(second);
  });

  test('of a file that somebody has deleted are not written anew by a save that was to replace them', async () => {
    await store.save(first, 'acme', undefined);
    rmSync(store.pathOf('acme'));
    const error = await caught(store.save(second, 'acme', first));
    expect(isTokenStoreConflict(error)).toBe(true);
    expect(error.message).toBe(
      `The token file ${store.pathOf('acme')} has been deleted, with the token set that this save replaces: it is not written anew.`,
    );
    expect(await store.load('acme')).toBeUndefined();
    expect(temporaryFiles()).toEqual([]);
    await store.save(second, 'acme', undefined);
    expect(await store.load('acme')).toEqual(second);
  });

  test.each([
    ['an older one', first],
    ['none', undefined],
    ['one without refresh token', { access_token: 'access-1' }],
  ])('are not replaced by a save that believes the file to hold %s: conflict', async (_, previous) => {
    await store.save(second, 'acme', undefined);
    expect(isTokenStoreConflict(await caught(store.save(third, 'acme', previous)))).toBe(true);
    expect(await store.load('acme')).toEqual(second);
    expect(temporaryFiles()).toEqual([]);
  });

  test('can be saved once more, where the answer to the first save was lost', async () => {
    await store.save(first, 'acme', undefined);
    await store.save(second, 'acme', first);
    await store.save({ ...second, extra: 1 }, 'acme', first);
    expect(await store.load('acme')).toEqual({ ...second, extra: 1 });
  });

  test('without refresh token are replaced', async () => {
    await store.save({ access_token: 'a' }, 'acme', undefined);
    await store.save({ access_token: 'b' }, 'acme', { access_token: 'a' });
    expect(await store.load('acme')).toEqual({ access_token: 'b' });
  });

  test('of two saves at once, one is the loser of the comparison', async () => {
    await store.save(first, 'acme', undefined);
    for (const other of [store, fileTokenStore({ directory })]) {
      const before = await store.load('acme');
      const results = await Promise.allSettled([
        store.save({ ...second, refresh_token: `${before!.refresh_token}a` }, 'acme', before),
        other.save({ ...second, refresh_token: `${before!.refresh_token}b` }, 'acme', before),
      ]);
      expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    }
  });

  test('that are no JSON are refused before anything is written', async () => {
    const circular: TokenSet = { ...first };
    circular['self'] = circular;
    for (const tokens of [circular, { ...first, big: 1n }]) {
      const error = await caught(store.save(tokens, 'acme', undefined));
      expect(error).toBeInstanceOf(TypeError);
      expect(error.message).toContain(store.pathOf('acme'));
    }
    expect(readdirSync(parent)).toEqual([]);
  });
});

describe('the contract of stores', () => {
  const open = () => fileTokenStore({ directory });
  const breakLock = (_: unknown, account: string) => {
    const path = join(directory, `${fileNameOf(account)}.lock`);
    copyFileSync(path, `${path}.copy`);
    renameSync(`${path}.copy`, path);
  };
  for (const { name, run } of storeContract({ open, breakLock })) test(name, run, 15_000);
  const alone = () => fileTokenStore({ directory, lock: false });
  for (const { name, needs, run } of storeContract({ open: alone })) {
    if (needs !== 'lock') test(`without lock: ${name}`, run, 15_000);
  }
});

describe('options', () => {
  test.each([
    [{}, 'directory'],
    [{ directory: '' }, 'directory'],
    [{ directory: 7 }, 'directory'],
    [{ directory: 'x', lock: 'no' }, 'lock'],
    [{ directory: 'x', folder: 'x' }, '"folder"'],
    [undefined, 'directory'],
  ])('%j: a TypeError names the wrong one', (options, name) => {
    const make = () => fileTokenStore(options as never);
    expect(make).toThrow(TypeError);
    expect(make).toThrow(name);
  });

  test('a relative folder is that of the working directory at construction', () => {
    expect(fileTokenStore({ directory: 'tokens' }).pathOf('a')).toBe(
      resolve('tokens', `${fileNameOf('a')}.json`),
    );
  });

  test.each([{}, { directory: 'x', file: 'y' }])('%j: it takes either a folder or a file', (options) => {
    expect(() => fileTokenStore(options)).toThrow(/either directory, .* or file/);
  });

  test('lock: false: no lock, no lock files, saves compare all the same', async () => {
    const alone = fileTokenStore({ directory, lock: false });
    expect(alone).not.toHaveProperty('lock');
    expect(alone).not.toHaveProperty('renewsLock');
    await alone.save(first, 'acme', undefined);
    const results = await Promise.allSettled([
      alone.save(second, 'acme', first),
      alone.save(third, 'acme', first),
    ]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    expect(await alone.load('acme')).toEqual(second);
    expect(readdirSync(directory)).toHaveLength(1);
    await alone.remove('acme');
    expect(readdirSync(directory)).toEqual([]);
  });

  test('a lock that is not installed is said at construction, with what to install', () => {
    const missing = Object.assign(new Error("Cannot find module 'fs-native-extensions'"), {
      code: 'MODULE_NOT_FOUND',
    });
    const load = () => {
      throw missing;
    };
    expect(() => loadKernelLocks(load)).toThrow(
      /is not installed\. Run: npm install fs-native-extensions.*lock: false/,
    );
  });

  test('a lock addon that cannot be loaded here is said at construction too', () => {
    const load = () => {
      throw Object.assign(new Error('no such file: ld-linux'), { code: 'ERR_DLOPEN_FAILED' });
    };
    expect(() => loadKernelLocks(load)).toThrow(/does not load on this system\..*musl.*lock: false/);
  });

  test.each([
    ['Bun', { node: '26.3.0', bun: '1.4.5' }],
    ['Deno', { node: '26.3.0', deno: '2.9.6' }],
  ])('on %s, where a lock would end the process, the addon is not loaded', (runtime, versions) => {
    const load = vi.fn();
    expect(() => loadKernelLocks(load, versions)).toThrow(
      new RegExp(`does not work on ${runtime}: take a store in Redis or PostgreSQL.*lock: false`),
    );
    expect(load).not.toHaveBeenCalled();
  });

  test.each([true, false])(
    "under Yarn's Plug'n'Play, whose files cannot be synced, with lock: %s",
    (lock) => {
      Object.defineProperty(process.versions, 'pnp', { value: '3', configurable: true });
      try {
        expect(() => fileTokenStore({ directory: '/somewhere', lock })).toThrow(
          /^fileTokenStore: does not work with Yarn's Plug'n'Play.*nodeLinker: node-modules/,
        );
      } finally {
        Reflect.deleteProperty(process.versions, 'pnp');
      }
    },
  );
});

describe('permissions', () => {
  test('folders are made for this user only, and so are files, whatever the umask', async () => {
    const umask = process.umask(0);
    try {
      await store.save(first, 'acme', undefined);
      await store.lock!('acme', async () => undefined, signal);
    } finally {
      process.umask(umask);
    }
    expect([modeOf(join(parent, 'made')), modeOf(directory)]).toEqual(['700', '700']);
    expect(readdirSync(directory)).toHaveLength(3);
    for (const name of readdirSync(directory)) expect(modeOf(join(directory, name))).toBe('600');
  });

  test('a token file that others could read is for this user only after the next save', async () => {
    await store.save(first, 'acme', undefined);
    chmodSync(store.pathOf('acme'), 0o644);
    await store.save(second, 'acme', first);
    expect(modeOf(store.pathOf('acme'))).toBe('600');
  });

  test('a folder that others may list is used as it is', async () => {
    mkdirSync(directory, { recursive: true });
    chmodSync(directory, 0o755);
    await store.save(first, 'acme', undefined);
    expect(await store.load('acme')).toEqual(first);
    expect(modeOf(directory)).toBe('755');
  });

  test.each([[0o770], [0o775], [0o707], [0o1777]])(
    'a folder that others may write to (%o) is used for nothing, and not changed',
    async (mode) => {
      mkdirSync(directory, { recursive: true });
      chmodSync(directory, mode);
      for (const use of [
        () => store.load('acme'),
        () => store.save(first, 'acme', undefined),
        () => store.remove('acme'),
        () => store.lock!('acme', async () => undefined, signal),
      ]) {
        const { message } = await caught(use());
        // A sticky one is there for everybody.
        if (mode === 0o1777) expect(message).not.toContain('chmod');
        else expect(message).toContain(`chmod 700 '${directory}'`);
        expect(message).toContain(join(directory, 'procore-tokens'));
        expect(message).toContain(mode.toString(8).padStart(4, '0'));
      }
      expect(readdirSync(directory)).toEqual([]);
      expect(modeOf(directory)).toBe(mode.toString(8));
    },
  );

  test.each(['EACCES', 'EROFS'])(
    'a folder that we may only read (%s) gives tokens, but no lock: nothing is redeemed that could not be saved',
    async (code) => {
      await store.lock!('acme', () => store.save(first, 'acme', undefined), signal);
      // The lock file is there and ours.
      const readOnly = storeOn(
        watchedFs((call, [path]) => {
          if (call === 'access' && path === directory) throw systemFailure(code);
        }),
      );
      expect(await readOnly.load('acme')).toEqual(first);
      let entered = false;
      for (const work of [
        () => readOnly.lock!('acme', async () => void (entered = true), signal),
        () => readOnly.save(second, 'acme', first),
      ])
        expect((await caught(work())).message).toContain(
          `The folder for tokens ${directory} cannot be written to (${code}). `,
        );
      expect(entered).toBe(false);
      expect(await store.load('acme')).toEqual(first);
    },
  );

  test('on Windows, modes say nothing', async () => {
    mkdirSync(directory, { recursive: true });
    chmodSync(directory, 0o777);
    await createFolder(directory, promises, { platform: 'win32' }).make();
  });
});

describe('file names', () => {
  const accounts = [
    ...[
      '',
      ' ',
      '.',
      '..',
      '../../etc/passwd',
      '/etc/passwd',
      'a/b',
      'a\\b',
      'a_b',
      'a\0b',
      'C:\\x',
      '~',
      '-rf',
    ],
    ...[
      'con',
      'CON',
      'Con',
      'nul',
      'aux.json',
      'com1',
      'lpt9',
      'a.',
      'a ',
      'a',
      'A',
      'a.json',
      'a.lock',
      'a:b',
    ],
    ...[
      '\u00e9',
      'e\u0301',
      'ﬁ',
      'fi',
      'ß',
      'ss',
      'ẞ',
      'İ',
      'i',
      'ı',
      '\ud800',
      '\ud801',
      '\ufffd',
      '😀',
      '__proto__',
    ],
    ...['x'.repeat(255), 'x'.repeat(256), '😀'.repeat(10_000), 'user@example.com', 'user@Example.com'],
  ];

  test.each(accounts)('of %j stay in the folder, within every file system’s rules', (account) => {
    const name = fileNameOf(account);
    expect(name).toMatch(/^[A-Za-z0-9_][A-Za-z0-9_-]{0,39}-[0-9a-f]{32}$/);
    expect(resolve(store.pathOf(account))).toBe(join(directory, `${name}.json`));
  });

  test('are distinct, also where upper case and Unicode forms are not', () => {
    const names = new Set(accounts.map((account) => fileNameOf(account).toLowerCase().normalize('NFKC')));
    expect(names.size).toBe(accounts.length);
  });

  test('are readable for people', () => {
    expect(fileNameOf('user@example.com')).toMatch(/^user_example_com-/);
  });

  test('keep every account apart in one folder', async () => {
    for (const account of accounts) {
      await store.save({ access_token: 'a', refresh_token: account }, account, undefined);
    }
    for (const account of accounts) expect((await store.load(account))?.refresh_token).toBe(account);
    expect(readdirSync(directory).filter((name) => name.endsWith('.json'))).toHaveLength(accounts.length);
  });
});

describe('a file that cannot be used', () => {
  const whole = `${JSON.stringify({ version: 1, account: 'acme', tokens: first })}\n`;
  const broken: [string, string | Buffer, string][] = [
    ['empty', '', 'empty'],
    ['half-written', whole.slice(0, -20), 'no JSON'],
    ['zeros', Buffer.alloc(4096), 'no JSON'],
    ['not UTF-8', Buffer.from(whole.replace('access-1', '\xff\xfe'), 'latin1'), 'no JSON'],
    ['a text', '"access-1"', 'no object'],
    ['null', 'null', 'no object'],
    ['an array', `[${whole}]`, 'no object'],
    ['a bare token set', JSON.stringify(first), 'another version'],
    ['of a newer version', whole.replace('"version":1', '"version":2'), 'another version'],
    ['of another account', whole.replace('"acme"', '"refresh-of-another"'), 'another account'],
    ['without tokens', whole.replace('"tokens"', '"refresh-1"'), 'no token set'],
    [
      'with tokens in an array',
      JSON.stringify({ version: 1, account: 'acme', tokens: [first] }),
      'no token set',
    ],
  ];

  test.each(broken)(
    'because it is %s: neither loaded nor overwritten, and not quoted',
    async (_, content, what) => {
      mkdirSync(directory, { recursive: true, mode: 0o700 });
      const path = store.pathOf('acme');
      writeFileSync(path, content);
      for (const use of [
        () => store.load('acme'),
        () => store.save(second, 'acme', first),
        () => store.save(second, 'acme', undefined),
      ]) {
        const error = await caught(use());
        expect(error.message).toContain(path);
        expect(error.message).toContain(what);
        expect(error.message).toMatch(/Expected: .+ It is left as it is: .+/);
        expect(`${error.stack} ${JSON.stringify(error)} ${String(error.cause)}`).not.toMatch(
          /refresh-|access-/,
        );
        expect(isTokenStoreConflict(error)).toBe(false);
      }
      expect(readFileSync(path)).toEqual(Buffer.from(content));
      expect(temporaryFiles()).toEqual([]);
      await store.remove('acme');
      await store.save(second, 'acme', undefined);
      expect(await store.load('acme')).toEqual(second);
    },
  );

  test('a byte order mark of an editor does no harm', async () => {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    writeFileSync(store.pathOf('acme'), `\ufeff${whole}`);
    expect(await store.load('acme')).toEqual(first);
  });

  test('a folder in its place', async () => {
    mkdirSync(store.pathOf('acme'), { recursive: true, mode: 0o700 });
    for (const use of [() => store.load('acme'), () => store.save(first, 'acme', undefined)]) {
      const error = await caught(use());
      expect(error.message).toContain(`${store.pathOf('acme')} could not be read (EISDIR). A folder is in`);
      expect(error.cause).toMatchObject({ code: 'EISDIR' });
    }
  });

  test.each([['made'], ['made/tokens']])('a file in the place of the folder %s', async (place) => {
    if (place !== 'made') mkdirSync(join(parent, 'made'));
    writeFileSync(join(parent, place), 'x');
    for (const use of [
      () => store.load('acme'),
      () => store.save(first, 'acme', undefined),
      () => store.remove('acme'),
      () => store.lock!('acme', async () => undefined, signal),
    ]) {
      const error = await caught(use());
      expect(error.message).toMatch(/\((ENOTDIR|EEXIST)\)\. A file is in the place of/);
      expect(error.message).toContain(directory);
      expect(error.cause).toMatchObject({ code: expect.any(String) as string });
    }
  });
});

describe('when a system call fails', () => {
  const operations: [string, (store: FileTokenStore) => Promise<unknown>][] = [
    ['the first save', (store) => store.save(first, 'new', undefined)],
    ['a save', (store) => store.save(second, 'acme', first)],
    ['a load', (store) => store.load('acme')],
    ['a remove', (store) => store.remove('acme')],
    [
      'a renewal',
      (store) =>
        store.lock!(
          'acme',
          async (_, record) => {
            await record!.read();
            await record!.write('01234567');
            await store.save(second, 'acme', first);
            await record!.write(undefined);
          },
          signal,
        ),
    ],
  ];

  /** So that sweeping has something to do. */
  const leftover = `${fileNameOf('acme')}.${randomUUID()}.tmp`;

  async function fresh(): Promise<void> {
    rmSync(join(parent, 'made'), { recursive: true, force: true });
    await store.save(first, 'acme', undefined);
    writeFileSync(join(directory, leftover), '');
  }

  /** The calls that an operation makes, by name. */
  async function callsOf(run: (store: FileTokenStore) => Promise<unknown>): Promise<string[]> {
    const calls: string[] = [];
    await fresh();
    await run(storeOn(watchedFs((call) => calls.push(call))));
    return calls;
  }

  test.each(operations)(
    '%s names file, code and cause, leaves old or new tokens whole, and works the next time',
    async (_, run) => {
      const calls = await callsOf(run);
      expect(calls.length).toBeGreaterThan(1);
      for (const [failing, name] of calls.entries()) {
        await fresh();
        let call = 0;
        const failingStore = storeOn(
          watchedFs(async (name, _, file) => {
            if (call++ !== failing) return;
            if (name === 'file.close') await file!.close();
            throw systemFailure('EIO');
          }),
        );
        const error = await run(failingStore).then(
          () => undefined,
          (error: Error) => error,
        );
        const told = `call ${failing}, ${name}: ${error?.message}`;
        // What only tidies up may fail.
        if (!error) expect(['readdir', 'unlink'], told).toContain(name);
        else {
          expect(error.message, told).toContain(directory);
          expect(error.message, told).toContain('(EIO). The disk');
          expect(error.cause, told).toMatchObject({ code: 'EIO' });
        }
        expect([first, second, undefined], told).toContainEqual(await store.load('acme'));
        await run(store);
        expect(
          temporaryFiles().filter((name) => name !== leftover),
          told,
        ).toEqual([]);
      }
    },
  );

  test('a full disk keeps the tokens before and leaves nothing', async () => {
    await store.save(first, 'acme', undefined);
    const full = storeOn(
      watchedFs(async (call, _, file) => {
        if (call !== 'file.writeFile') return;
        await file!.write('{ "half');
        throw systemFailure('ENOSPC');
      }),
    );
    const { message, cause } = await caught(full.save(second, 'acme', first));
    expect(message).toBe(
      `The token file ${store.pathOf('acme')} could not be written, and is as it was before (ENOSPC). The disk is full: make room.`,
    );
    expect(cause).toMatchObject({ code: 'ENOSPC' });
    expect(await store.load('acme')).toEqual(first);
    expect(temporaryFiles()).toEqual([]);
  });

  test('a full disk is found out before anything is redeemed, although there is room for the record', async () => {
    await store.save(first, 'acme', undefined);
    let isFull = true;
    let bytes = 0;
    const full = storeOn(
      watchedFs((call, [content]) => {
        if (call !== 'file.writeFile') return;
        bytes = (content as Uint8Array).length;
        if (isFull) throw systemFailure('ENOSPC');
      }),
    );
    const before = readdirSync(directory);
    const noted = await full.lock!(
      'acme',
      async (_, record) => {
        const error = await caught(record!.write('01234567'));
        const read = await record!.read();
        await record!.write(undefined);
        isFull = false;
        await record!.write('89abcdef');
        return [error.message, read];
      },
      signal,
    );
    expect(noted).toEqual([
      `A file of the size of new tokens could not be written beside ${store.pathOf('acme')} (ENOSPC). The disk is full: make room.`,
      '01234567',
    ]);
    expect(bytes).toBeGreaterThan(statSync(store.pathOf('acme')).size);
    expect(readdirSync(directory).filter((name) => !name.endsWith('.lock'))).toEqual(
      before.filter((name) => !name.endsWith('.lock')),
    );
  });

  test('a folder that cannot be synced, as on Windows, is no failure', async () => {
    for (const code of ['EPERM', 'EISDIR', 'EINVAL']) {
      const odd = storeOn(
        watchedFs((call, args) => {
          if (call === 'open' && args[1] === 'r') throw systemFailure(code);
        }),
      );
      await odd.save(first, code, undefined);
      expect(await odd.load(code)).toEqual(first);
    }
  });

  test('syncs the file before the rename, and the folder after it', async () => {
    const calls = await callsOf((store) => store.save(second, 'acme', first));
    const steps = calls.slice(calls.indexOf('file.writeFile'), calls.indexOf('readdir'));
    expect(steps).toEqual(
      ['writeFile', 'sync', 'stat', 'close']
        .map((name) => `file.${name}`)
        .concat('rename', 'open', 'file.sync', 'file.close'),
    );
  });

  /** What an operation opens, writes and syncs, in this order. */
  async function stepsOf(run: (store: FileTokenStore) => Promise<unknown>): Promise<string[]> {
    const steps: string[] = [];
    const watching = watchedFs((call, [path]) => {
      if (call === 'open') steps.push(`open ${relative(parent, String(path)) || '.'}`);
      if (call === 'file.sync' || call === 'file.write') steps.push(call);
    });
    await run(storeOn(watching));
    return steps;
  }

  test('syncs the folders that new ones are made in, so that no power failure takes away what is saved in them', async () => {
    const steps = await stepsOf((store) => store.save(first, 'acme', undefined));
    expect(steps.slice(0, 4)).toEqual(['open made', 'file.sync', 'open .', 'file.sync']);
    expect((await stepsOf((store) => store.save(second, 'acme', first)))[0]).toMatch(/\.save\.lock$/);
  });

  test('syncs the folder of a new lock file before anybody is in, and each write of its record', async () => {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    let entered = 0;
    const write = (store: FileTokenStore) =>
      store.lock!('acme', async (_, record) => record!.write(`${entered++}`), signal);
    const lockFile = `open made/tokens/${fileNameOf('acme')}.lock`;
    const written = ['file.write', 'file.sync'];
    expect(await stepsOf(write)).toEqual([lockFile, lockFile, 'open made/tokens', 'file.sync', ...written]);
    expect(await stepsOf(write)).toEqual([lockFile, ...written]);
  });

  test('a record that was written in part only is not written', async () => {
    const file = { write: async () => ({ bytesWritten: 16 }), sync: async () => undefined };
    const held = { file: file as never, stands: async () => true, release: async () => undefined };
    await expect(createRecord('/tokens/a.lock', held, () => undefined).write('01234567')).rejects.toThrow(
      'The lock file /tokens/a.lock could not be written (ENOSPC). The disk is full: make room.',
    );
  });
});

describe('temporary files', () => {
  const temporaryOf = (base: string) => `${base}.${randomUUID()}.tmp`;
  const leave = (name: string, ageMs = 0) => {
    const path = join(directory, name);
    writeFileSync(path, 'secret');
    utimesSync(path, new Date(), new Date(Date.now() - ageMs));
  };

  test('are created exclusively, for this user only, under a name that is new each time', async () => {
    const opened: unknown[][] = [];
    const watching = storeOn(
      watchedFs((call, args) => {
        if (call === 'open' && String(args[0]).endsWith('.tmp')) opened.push(args);
      }),
    );
    await watching.save(first, 'acme', undefined);
    await watching.save(second, 'acme', first);
    expect(opened.map(([, flags, mode]) => [flags, mode])).toEqual([
      ['wx', 0o600],
      ['wx', 0o600],
    ]);
    expect(new Set(opened.map(([path]) => path)).size).toBe(2);
  });

  test('of dead writers go with the next save or remove; those of other accounts and foreign files stay', async () => {
    await store.save(first, 'acme', undefined);
    const others = [
      temporaryOf(fileNameOf('other')),
      'foreign.tmp',
      `${fileNameOf('acme')}.json.bak`,
      `${fileNameOf('acme')}.mine.tmp`,
    ];
    others.forEach((name) => leave(name));
    for (const use of [() => store.save(second, 'acme', first), () => store.remove('acme')]) {
      const left = temporaryOf(fileNameOf('acme'));
      leave(left);
      await use();
      expect(existsSync(join(directory, left))).toBe(false);
    }
    for (const name of others) expect(existsSync(join(directory, name))).toBe(true);
  });

  test('of a single file are told from whatever else has a name that begins like it', async () => {
    await store.save(first, 'acme', undefined);
    const single = fileTokenStore({ file: join(directory, 'tokens') });
    const own = temporaryOf('tokens');
    // The writer of another store beside it is at work, and the application keeps a copy.
    const others = [temporaryOf('tokens.json'), 'tokens.before-the-move.tmp', 'tokens.tmp'];
    for (const use of [() => single.save(first, 'default', undefined), () => single.remove('default')]) {
      [own, ...others].forEach((name) => leave(name));
      await use();
      expect(temporaryFiles().sort()).toEqual([...others].sort());
    }
  });

  test('without a lock, only those that are too old to be a living writer’s', async () => {
    const alone = fileTokenStore({ directory, lock: false });
    await alone.save(first, 'acme', undefined);
    const [young, old] = [temporaryOf(fileNameOf('acme')), temporaryOf(fileNameOf('acme'))];
    leave(young);
    leave(old, 120_000);
    await alone.save(second, 'acme', first);
    expect(temporaryFiles()).toEqual([young]);
  });
});

describe('the lock', () => {
  const lockPath = () => join(directory, `${fileNameOf('acme')}.lock`);
  /** Holds the lock until told otherwise. */
  async function hold(account = 'acme', by = store) {
    let release!: () => void;
    let entered!: (given: { lost: AbortSignal; record: LockRecord }) => void;
    const given = new Promise<{ lost: AbortSignal; record: LockRecord }>((resolve) => (entered = resolve));
    const done = by.lock!(
      account,
      (lost, record) => {
        entered({ lost: lost!, record: record! });
        return new Promise<void>((resolve) => (release = resolve));
      },
      signal,
    );
    return { ...(await given), release: () => (release(), done) };
  }

  test('returns what the critical section returns, and rejects with what it throws', async () => {
    expect(await store.lock!('acme', async () => 7, signal)).toBe(7);
    const thrown = new Error('thrown');
    expect(await caught(store.lock!('acme', async () => Promise.reject(thrown), signal))).toBe(thrown);
    expect(await store.lock!('acme', async () => 8, signal)).toBe(8);
  });

  test('lets one in at a time, of one store or of two, and other accounts beside it', async () => {
    const holder = await hold();
    const entered: string[] = [];
    const waiting = [store, fileTokenStore({ directory })].map((contender, i) =>
      contender.lock!('acme', async () => void entered.push(`${i}`), signal),
    );
    await store.lock!('other', async () => void entered.push('other'), signal);
    expect(entered).toEqual(['other']);
    await holder.release();
    await Promise.all(waiting);
    expect(entered.sort()).toEqual(['0', '1', 'other']);
  });

  test('does not keep anybody from saving', async () => {
    const holder = await hold();
    await fileTokenStore({ directory }).save(first, 'acme', undefined);
    await holder.release();
    expect(await store.load('acme')).toEqual(first);
  });

  test('is not waited for once the signal aborts: the reason, at once, without a timer left', async () => {
    const holder = await hold();
    const before = process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const abort = new AbortController();
    let entered = false;
    const waiting = caught(store.lock!('acme', async () => (entered = true), abort.signal));
    // Some polls later.
    for (let turn = 0; turn < 40; turn++) await promises.stat(directory);
    const reason = new Error('given up');
    abort.abort(reason);
    // The lock is held all the time.
    expect(await waiting).toBe(reason);
    expect(process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length).toBeLessThanOrEqual(
      before,
    );
    await holder.release();
    expect(await caught(store.lock!('acme', async () => (entered = true), abort.signal))).toBe(reason);
    expect(entered).toBe(false);
  });

  test('aborted in the moment it is had, is given back', async () => {
    const abort = new AbortController();
    const slow = storeOn(watchedFs((call) => call === 'file.stat' && abort.abort()));
    await caught(slow.lock!('acme', async () => expect.unreachable(), abort.signal));
    expect(await store.lock!('acme', async () => 'mine', signal)).toBe('mine');
  });

  test('survives a remove', async () => {
    await store.save(first, 'acme', undefined);
    const holder = await hold();
    await store.remove('acme');
    expect(existsSync(lockPath())).toBe(true);
    await holder.record.write('01234567');
    expect(holder.lost.aborted).toBe(false);
    await holder.release();
  });

  test('on a file that is replaced between opening and locking counts for nothing', async () => {
    await store.lock!('acme', async () => undefined, signal);
    let replaced = false;
    const unlucky = storeOn(
      watchedFs((call) => {
        if (call !== 'file.stat' || replaced) return;
        replaced = true;
        renameSync(lockPath(), `${lockPath()}.away`);
      }),
    );
    const holder = await hold('acme', unlucky);
    expect(replaced).toBe(true);
    const late = new AbortController();
    const waiting = caught(store.lock!('acme', async () => expect.unreachable(), late.signal));
    for (let turn = 0; turn < 40; turn++) await promises.stat(directory);
    late.abort();
    await waiting;
    await holder.record.write('01234567');
    await holder.release();
  });

  test('whose file is deleted while it is held is lost before anything is redeemed', async () => {
    const holder = await hold();
    await holder.record.write('01234567');
    expect(holder.lost.aborted).toBe(false);
    rmSync(directory, { recursive: true });
    const { message } = await caught(holder.record.write('89abcdef'));
    expect(message).toContain(`${lockPath()} was deleted or replaced while its lock was held`);
    expect(holder.lost.aborted).toBe(true);
    const next = await hold();
    expect(await next.record.read()).toBeUndefined();
    await next.release();
    await holder.release();
  });

  test('stands for as long as its file does, and says so at once when that is gone', async () => {
    const holder = await hold();
    expect(await holder.record.stands!()).toBe(true);
    rmSync(lockPath());
    expect(await holder.record.stands!()).toBe(false);
    expect(holder.lost.aborted).toBe(true);
    await holder.release();
    await expect(holder.record.stands!()).rejects.toThrow(/has been released/);
  });

  test('whose file is deleted while it is held is noticed within seconds', async () => {
    const holder = await hold();
    const lost = new Promise((resolve) => holder.lost.addEventListener('abort', resolve, { once: true }));
    rmSync(lockPath());
    await lost;
    await holder.release();
  });

  test('keeps the record of its last holder until it is cleared', async () => {
    const written = await hold();
    expect(await written.record.read()).toBeUndefined();
    await written.record.write('01234567');
    await written.release();
    const read = await hold('acme', fileTokenStore({ directory }));
    expect(await read.record.read()).toBe('01234567');
    await read.record.write('89abcdef');
    expect(await read.record.read()).toBe('89abcdef');
    await read.record.write(undefined);
    await read.release();
    const after = await hold();
    expect(await after.record.read()).toBeUndefined();
    await after.release();
    const { message } = await caught(after.record.write('01234567'));
    expect(message).toContain('has been released');
    expect(await store.lock!('acme', async (_, record) => record!.read(), signal)).toBeUndefined();
  });

  test('is released after a write of the record that nobody awaited', async () => {
    await store.lock!('acme', async (_, record) => void record!.write('01234567'), signal);
    expect(await store.lock!('acme', async (_, record) => record!.read(), signal)).toBe('01234567');
  });

  test.each([
    ['nothing', ''],
    ['a torn record', '{"redeeming":"0123'],
    ['zeros', '\0\0\0\0'],
    ['another’s', '12345'],
    ['another shape', '{"redeeming":1}'],
    ['null', 'null'],
  ])('has no record where its file holds %s', (_, text) => {
    expect(parseRecord(text)).toBeUndefined();
  });

  test('says so where the file system has none', async () => {
    const kernel = {
      tryLock: () => {
        throw systemFailure('ENOLCK');
      },
      unlock: () => undefined,
    };
    const store = createFileStore({ place: placeInFolder(directory), kernel, fs: promises });
    for (const use of [
      () => store.save(first, 'acme', undefined),
      () => store.lock!('acme', async () => expect.unreachable(), signal),
    ]) {
      const { message, cause } = await caught(use());
      expect(message).toMatch(/could not be locked \(ENOLCK\)\. This file system gives no locks/);
      expect(cause).toMatchObject({ code: 'ENOLCK' });
    }
  });

  test('of another writer that hangs ends a save, with the reason', async () => {
    const kernel = { tryLock: () => false, unlock: () => undefined };
    const store = createFileStore({
      place: placeInFolder(directory),
      kernel,
      fs: promises,
      saveLockWaitMs: 50,
    });
    const { message } = await caught(store.save(first, 'acme', undefined));
    expect(message).toMatch(/\.save\.lock has been held by others for 50 ms\. Whoever holds it hangs/);
    expect(await store.load('acme')).toBeUndefined();
  });
});

describe('one file for the one account', () => {
  const path = () => join(directory, 'tokens.json');
  const made = () => {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    return fileTokenStore({ file: path() });
  };

  test('holds the token set as Procore answers it, for this user only', async () => {
    const store = made();
    expect(await store.load('default')).toBeUndefined();
    await store.save(first, 'default', undefined);
    expect(JSON.parse(readFileSync(path(), 'utf8'))).toEqual(first);
    expect(statSync(path()).mode & 0o777).toBe(0o600);
    expect(store.pathOf('default')).toBe(path());
    expect(isTokenStoreConflict(await caught(store.save(third, 'default', second)))).toBe(true);
    await store.save(second, 'default', first);
    expect(await store.load('default')).toEqual(second);
  });

  test('takes one that the application has written', async () => {
    const store = made();
    writeFileSync(path(), JSON.stringify({ access_token: 'a', refresh_token: 'r', expires_in: 5400 }));
    expect(await store.load('default')).toEqual({ access_token: 'a', refresh_token: 'r', expires_in: 5400 });
  });

  test.each([
    ['', 'it is empty'],
    ['{"access_token":"a","refr', 'are no JSON'],
    ['[]', 'it holds no object'],
    ['{"name":"another program","version":2}', 'it holds no token set'],
  ])('leaves a file with %j as it is, and says what is wrong', async (content, what) => {
    const store = made();
    writeFileSync(path(), content);
    await expect(store.load('default')).rejects.toThrow(what);
    await expect(store.save(first, 'default', undefined)).rejects.toThrow(path());
    expect(readFileSync(path(), 'utf8')).toBe(content);
  });

  test('does not mix two accounts', async () => {
    const store = made();
    await store.save(first, 'default', undefined);
    await expect(store.load('other')).rejects.toThrow(/keeps one account, "default", and not "other"/);
    await expect(store.save(second, 'other', undefined)).rejects.toThrow(/directory/);
    expect(await store.load('default')).toEqual(first);
  });

  test('has the lock of a folder’s', async () => {
    const [one, two] = [made(), made()];
    const order: string[] = [];
    const { signal } = new AbortController();
    await one.lock!(
      'default',
      async () => {
        const waiting = two.lock!('default', async () => void order.push('two'), signal);
        await one.load('default');
        order.push('one');
        return { waiting };
      },
      signal,
    ).then(({ waiting }) => waiting);
    expect(order).toEqual(['one', 'two']);
  });
});

describe.skipIf(process.platform === 'win32')('one file behind links', () => {
  /** The real one, of which a store names the folder by its real path. */
  const shared = () => join(realpathSync(parent), 'shared', 'tokens.json');
  const releases = () => ['one', 'two'].map((name) => join(parent, 'releases', name, 'tokens.json'));

  /** A release each, with a link to the shared file. */
  function linked(target = '../../shared/tokens.json'): FileTokenStore[] {
    return releases().map((link) => {
      mkdirSync(join(link, '..'), { recursive: true, mode: 0o700 });
      symlinkSync(target, link);
      return fileTokenStore({ file: link });
    });
  }

  test.each([
    ['is there', true],
    ['is not there yet, nor its folder', false],
  ])(
    'that %s: it is replaced, the links stay, and each release sees what another saves',
    async (_, isThere) => {
      if (isThere) {
        mkdirSync(join(shared(), '..'), { mode: 0o700 });
        writeFileSync(shared(), JSON.stringify(first));
      }
      const [one, two] = linked() as [FileTokenStore, FileTokenStore];
      await one.save(second, 'default', isThere ? first : undefined);
      expect(await two.load('default')).toEqual(second);
      await two.save(third, 'default', second);
      expect(await one.load('default')).toEqual(third);
      expect(isTokenStoreConflict(await caught(one.save(first, 'default', second)))).toBe(true);
      expect(JSON.parse(readFileSync(shared(), 'utf8'))).toEqual(third);
      for (const link of releases()) {
        expect(lstatSync(link).isSymbolicLink()).toBe(true);
        expect(readdirSync(join(link, '..'))).toEqual(['tokens.json']);
      }
      expect(one.pathOf('default')).toBe(shared());
    },
  );

  test('has one lock for all of them', async () => {
    const [one, two] = linked() as [FileTokenStore, FileTokenStore];
    await one.lock!(
      'default',
      async () => {
        const given = AbortSignal.timeout(200);
        const waiting = two.lock!('default', async () => expect.unreachable(), given);
        expect(await caught(waiting)).toBe(given.reason);
      },
      signal,
    );
    expect(await two.lock!('default', async () => 'its turn', signal)).toBe('its turn');
  });

  test('is found from a folder that is a link itself, and through a link to a link', async () => {
    linked();
    symlinkSync(join('releases', 'two'), join(parent, 'current'));
    symlinkSync(join('current', 'tokens.json'), join(parent, 'tokens.json'));
    for (const path of [join(parent, 'current', 'tokens.json'), join(parent, 'tokens.json')]) {
      const store = fileTokenStore({ file: path });
      await store.save(first, 'default', undefined);
      expect(store.pathOf('default')).toBe(shared());
      await store.remove('default');
    }
  });

  test('keeps its own folder’s permissions', async () => {
    const [one] = linked();
    mkdirSync(join(shared(), '..'));
    chmodSync(join(shared(), '..'), 0o777);
    const { message } = await caught(one!.lock!('default', async () => expect.unreachable(), signal));
    expect(message).toContain(`chmod 700 '${join(shared(), '..')}'`);
  });

  test('links that lead in a circle are an error at construction', () => {
    expect(() => linked('tokens.json')).toThrow(`${releases()[0]} is a link that leads in a circle`);
  });

  test('is not sought where the path is no link, whatever its folder is', () => {
    mkdirSync(join(parent, 'real'), { mode: 0o700 });
    symlinkSync('real', join(parent, 'folder'));
    const file = join(parent, 'folder', 'tokens.json');
    expect(fileTokenStore({ file }).pathOf('default')).toBe(file);
  });
});

describe('a file that is mounted by itself', () => {
  const lineOf = (point: string, root = '/') =>
    `36 35 98:0 ${root} ${point} rw,noatime shared:1 - ext4 /dev/sda rw`;

  test.each([
    ['nothing at all', '', '/app/t.json', false],
    ['the path', lineOf('/app/t.json'), '/app/t.json', true],
    [
      'the path, among others',
      [lineOf('/'), lineOf('/app/t.json'), lineOf('/proc'), ''].join('\n'),
      '/app/t.json',
      true,
    ],
    ['the folder', [lineOf('/'), lineOf('/app')].join('\n'), '/app/t.json', false],
    ['a path that begins alike', lineOf('/app/t.json.lock'), '/app/t.json', false],
    ['the path as what is mounted elsewhere', lineOf('/else', '/app/t.json'), '/app/t.json', false],
    ['a path with blanks', lineOf('/my\\040app/a\\011b\\134c.json'), '/my app/a\tb\\c.json', true],
    ['a path that is escaped once', lineOf('/app/\\134040'), '/app/\\040', true],
    ['a path beyond ASCII', lineOf('/größe/t.json'), '/größe/t.json', true],
    [
      'the path, hidden by a folder that was mounted later',
      [lineOf('/'), lineOf('/app/t.json'), lineOf('/app')].join('\n'),
      '/app/t.json',
      false,
    ],
    [
      'the path inside of a folder that was mounted before',
      [lineOf('/'), lineOf('/app'), lineOf('/app/t.json').replace('36 35', '37 36')].join('\n'),
      '/app/t.json',
      true,
    ],
    ['something else', 'no\nmounts', '/app/t.json', false],
  ])('mountinfo with %s', (_, mountinfo, path, expected) => {
    expect(isMountPoint(mountinfo, path)).toBe(expected);
  });

  /** A store in one file, whose system says that these are mounted. */
  function storeAmong(path: string, ...mounted: string[]): FileTokenStore {
    const readFile = async (file: string, encoding?: BufferEncoding) =>
      file === mountinfoPath
        ? mounted.map((point) => lineOf(point)).join('\n')
        : promises.readFile(file, encoding);
    const fs = { ...promises, readFile: readFile as FileSystem['readFile'] };
    return createFileStore({ place: placeInFile(path), kernel: loadKernelLocks(), fs });
  }

  const real = () => join(realpathSync(parent), 'tokens.json');

  test('is refused before anything is redeemed, and left as it is', async () => {
    writeFileSync(real(), JSON.stringify(first));
    const store = storeAmong(real(), '/', real());
    for (const use of [
      () => store.load('default'),
      () => store.lock!('default', async () => expect.unreachable(), signal),
      () => store.save(second, 'default', first),
      () => store.remove('default'),
    ]) {
      const { message } = await caught(use());
      expect(message).toContain(`The token file ${real()} is mounted by itself`);
      expect(message).toContain('Mount the folder that it is in instead of the file.');
    }
    expect(readFileSync(real(), 'utf8')).toBe(JSON.stringify(first));
    expect(readdirSync(parent)).toEqual(['tokens.json']);
  });

  test.skipIf(process.platform === 'win32')('is found behind a folder that is a link', async () => {
    symlinkSync(realpathSync(parent), join(parent, 'link'));
    const path = join(parent, 'link', 'tokens.json');
    const { message } = await caught(storeAmong(path, real()).load('default'));
    expect(message).toContain(`The token file ${path} is mounted by itself`);
  });

  test('is not one whose folder is mounted, or another file in it', async () => {
    const store = storeAmong(real(), '/', realpathSync(parent), `${real()}.other`);
    await store.save(first, 'default', undefined);
    expect(await store.load('default')).toEqual(first);
  });

  test('is refused at the start in the same words', async () => {
    const { message } = await caught(storeAmong(real(), real()).load('default'));
    expect(() => checkAtStart(real(), { mountinfo: () => lineOf(real()) })).toThrow(message);
    checkAtStart(real(), { mountinfo: () => lineOf(realpathSync(parent)) });
    checkAtStart(real());
  });

  test('is not asked for where the system does not say', async () => {
    const fs = watchedFs((call, [path]) => {
      if (call === 'readFile' && path === mountinfoPath) throw systemFailure('EACCES');
    });
    const store = createFileStore({ place: placeInFile(real()), kernel: loadKernelLocks(), fs });
    await store.save(first, 'default', undefined);
    expect(await store.load('default')).toEqual(first);
  });
});

describe('at the start, a folder that may not be written to', () => {
  const access = () => {
    throw systemFailure('EACCES');
  };

  test('is named, with what to do', () => {
    expect(() => checkAtStart(join(parent, 'tokens.json'), { access })).toThrow(
      `The folder for tokens ${parent} cannot be written to (EACCES). Check owner and mode`,
    );
  });

  test('lets no other be made in it', () => {
    const folder = join(parent, 'deep', 'er');
    expect(() => checkAtStart(join(folder, 'tokens.json'), { access })).toThrow(
      `The folder for tokens ${folder} could not be made (EACCES). Check owner and mode`,
    );
  });
});
