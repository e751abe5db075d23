import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { addonPlaces, findAddon, type AddonPlace } from '../../../src/store/file/addon-places.js';
import { loadKernelLocks } from '../../../src/store/file/kernel.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'axios-procore-addon-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A package of that name in a `node_modules` of its own, that says where it is. */
function installIn(parent: string): string {
  const installed = join(folder, parent, 'node_modules/fs-native-extensions');
  mkdirSync(installed, { recursive: true });
  writeFileSync(join(installed, 'index.js'), `module.exports = ${JSON.stringify(parent)};`);
  return installed;
}

const notInBundle = () => ({ error: new ReferenceError('require is not defined') });
const placesIn = (env: Record<string, string>, file = join(folder, 'package/addon.cjs')) =>
  addonPlaces(
    { env, argv: ['node', join(folder, 'application/server.mjs')], cwd: () => join(folder, 'cwd') },
    { file, required: notInBundle },
  );

test.each(['package', 'cwd', 'application'])(
  'the addon is found where only "%s" has it: beside this package, in the working directory, beside the application',
  (parent) => {
    installIn(parent);
    expect(findAddon(placesIn({}))).toBe(parent);
  },
);

test('beside this package goes before the working directory, and that before the application', () => {
  const order = ['application', 'cwd', 'package'];
  const found = order.map((parent) => {
    installIn(parent);
    return findAddon(placesIn({}));
  });
  expect(found).toEqual(order);
});

test('what a bundler has put in the place of require is taken', () => {
  const process = { env: {}, argv: ['node'], cwd: () => folder };
  const places = addonPlaces(process, { file: undefined, required: () => ({ loaded: 'in the bundle' }) });
  expect(findAddon(places)).toBe('in the bundle');
});

test('a bundle that is an ES module, where there is neither a file name nor a require, finds it beside the application', () => {
  installIn('application');
  const process = { env: {}, argv: ['node', join(folder, 'application/server.mjs')], cwd: () => folder };
  expect(findAddon(addonPlaces(process, { file: undefined, required: notInBundle }))).toBe('application');
});

test('AXIOS_PROCORE_FS_NATIVE_EXTENSIONS names the folder, absolute or from the working directory, and nothing else is looked at', () => {
  installIn('package');
  const installed = installIn('elsewhere');
  expect(findAddon(placesIn({ AXIOS_PROCORE_FS_NATIVE_EXTENSIONS: installed }))).toBe('elsewhere');
  const relative = '../elsewhere/node_modules/fs-native-extensions';
  expect(findAddon(placesIn({ AXIOS_PROCORE_FS_NATIVE_EXTENSIONS: relative }))).toBe('elsewhere');
  const wrong = placesIn({ AXIOS_PROCORE_FS_NATIVE_EXTENSIONS: join(folder, 'nowhere') });
  expect(() => loadKernelLocks(() => findAddon(wrong))).toThrow(
    /nowhere \(AXIOS_PROCORE_FS_NATIVE_EXTENSIONS\)/,
  );
});

test('where it is nowhere, the error says what to install, what to set, and where it was looked for', () => {
  expect(() => loadKernelLocks(() => findAddon(placesIn({})))).toThrow(
    /is not installed\. Run: npm install fs-native-extensions.*set AXIOS_PROCORE_FS_NATIVE_EXTENSIONS.*lock: false.*looked for.*package\/addon\.cjs.*bundle.*cwd.*server\.mjs/,
  );
});

test('code that was copied into a bundle without its addon says nothing about this system', () => {
  const failing = (code: string, isBundle?: true): AddonPlace => ({
    where: 'there',
    load() {
      throw Object.assign(new Error('no addon'), { code });
    },
    ...(isBundle ? { isBundle } : {}),
  });
  expect(() => loadKernelLocks(() => findAddon([failing('ADDON_NOT_FOUND', true)]))).toThrow(
    /is not installed/,
  );
  expect(() => loadKernelLocks(() => findAddon([failing('ADDON_NOT_FOUND')]))).toThrow(
    /does not load on this system/,
  );
  const both = [failing('MODULE_NOT_FOUND'), failing('ERR_DLOPEN_FAILED')];
  expect(() => loadKernelLocks(() => findAddon(both))).toThrow(/does not load on this system/);
});
