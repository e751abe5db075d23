import { readFileSync } from 'node:fs';
import module from 'node:module';
import { dirname, resolve } from 'node:path';
import { announcedSource } from './hooks.js';

type Require = (this: unknown, id: string) => unknown;
/** The plugins of Bun's loader, as far as they are used here: https://bun.com/docs/bundler/plugins */
interface Build {
  onResolve(
    filter: { filter: RegExp },
    answer: (asked: { path: string; importer: string }) => { path: string } | undefined,
  ): void;
  onLoad(
    filter: { filter: RegExp },
    answer: (asked: { path: string }) => { contents: string; loader: 'js' },
  ): void;
}
/** The part of the global `Bun` that is used here. */
export interface Bun {
  plugin(plugin: { name: string; setup(build: Build): void }): void;
}

/** Ends the path of an axios that is to announce itself. */
const mark = '?axios-procore';

/**
 * Calls `see` with the exports of each CommonJS module that is required, and has axios as an ES module announce itself. Bun calls neither
 * `Module._load` for a `require` nor loader hooks of Node.
 */
export function watchInBun(bun: Bun, see: (exported: unknown) => void): void {
  const { prototype } = module as unknown as { prototype: { require: Require } };
  const required = prototype.require;
  prototype.require = function (id) {
    const exported = required.call(this, id);
    see(exported);
    return exported;
  };
  bun.plugin({
    name: 'axios-procore/register',
    setup(build) {
      // Only a file that is known to be an ES module may be loaded here: a CommonJS module would lose its exports.
      build.onResolve({ filter: /\/axios\.js$/ }, ({ path, importer }) => {
        const file = resolve(dirname(importer), path);
        return announcedFile(file) === undefined ? undefined : { path: `${file}${mark}` };
      });
      build.onLoad({ filter: /\/axios\.js\?axios-procore$/ }, ({ path }) => ({
        contents: announcedFile(path.slice(0, -mark.length)) ?? '',
        loader: 'js',
      }));
    },
  });
}

/** The source of axios as an ES module, with the call that announces it; undefined for any other file. */
function announcedFile(file: string): string | undefined {
  try {
    return announcedSource(file, readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}
