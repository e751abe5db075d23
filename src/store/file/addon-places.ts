// The whole module is imported, because webpack removes a `createRequire` that is imported by name.
import modules from 'node:module';
import { resolve } from 'node:path';
import addon from './addon.cjs';
import { codeOf } from './system.js';

const name = 'fs-native-extensions';
/** The environment variable that names the folder of `fs-native-extensions` where it is not found otherwise. */
export const addonVariable = 'AXIOS_PROCORE_FS_NATIVE_EXTENSIONS';

/** A place where `fs-native-extensions` may be. */
export interface AddonPlace {
  /** The place in words, for messages. */
  readonly where: string;
  load(): unknown;
  /**
   * True for code in a bundle. A failure there says nothing about this system: the bundle may contain the package's code without its addon.
   */
  readonly isBundle?: true;
}

/** `fs-native-extensions` was not found in any of the places, or cannot be loaded. */
export class AddonError extends Error {
  constructor(
    readonly looked: readonly string[],
    /** True where it was found and cannot be loaded. */
    readonly isThere: boolean,
    override readonly cause: unknown,
  ) {
    super(`${name} ${isThere ? 'does not load' : 'was not found'}`);
  }
}

/** The places to look in, in order of preference. Where the environment variable names a folder, that is the only one. */
export function addonPlaces(
  { env, argv, cwd }: Pick<NodeJS.Process, 'env' | 'argv' | 'cwd'> = process,
  { file, required }: typeof addon = addon,
): AddonPlace[] {
  const named = env[addonVariable];
  if (named) {
    const folder = resolve(cwd(), named);
    return [
      {
        where: `${folder} (${addonVariable})`,
        load: () => modules.createRequire(`${folder}/`)(folder) as unknown,
      },
    ];
  }
  // Each place gets a new `require` of Node, because the `require` of this file may be replaced by a loader (tsx) or a bundler.
  const from = (path: string) => () => modules.createRequire(path)(name) as unknown;
  const application = argv[1];
  return [
    ...(file === undefined ? [] : [{ where: `seen from ${file}`, load: from(file) }]),
    {
      where: 'in the bundle, if there is one',
      load() {
        const result = required();
        if ('error' in result) throw result.error;
        return result.loaded;
      },
      isBundle: true,
    },
    { where: `seen from the working directory ${cwd()}`, load: from(`${cwd()}/`) },
    ...(application === undefined ? [] : [{ where: `seen from ${application}`, load: from(application) }]),
  ];
}

/** Loads `fs-native-extensions` from the first place that has it. Throws an {@link AddonError}. */
export function findAddon(places: readonly AddonPlace[] = addonPlaces()): unknown {
  const failures: { error: unknown; isThere: boolean }[] = [];
  for (const { load, isBundle } of places) {
    try {
      return load();
    } catch (error) {
      failures.push({ error, isThere: isUnloadable(error, isBundle) });
    }
  }
  // The failure to load an addon that was found is reported rather than a place where it is missing.
  const { error, isThere } = failures.find((failure) => failure.isThere) ?? failures[0]!;
  throw new AddonError(
    places.map(({ where }) => where),
    isThere,
    error,
  );
}

/** Whether the addon was found but cannot be used: the system's linker refused it, or it has no build for this system. */
function isUnloadable(error: unknown, isBundle = false): boolean {
  const code = codeOf(error);
  if (code === 'ADDON_NOT_FOUND') return !isBundle;
  return code === 'CANNOT_LOAD' || code === 'ERR_DLOPEN_FAILED';
}
