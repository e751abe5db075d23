/** What a loader gives for a module, see `node:module`. */
interface Loaded {
  readonly format?: string | null | undefined;
  readonly source?: string | Uint8Array<ArrayBuffer> | null | undefined;
}

/** Axios as an ES module: the source that it is published with, and its bundle. */
const axiosModule = /\/(?:lib|dist\/esm)\/axios\.js(?:[?#]|$)/;
/** Where the default instance is made. */
const madeThere = /\bconst axios = createInstance\(/;
/** The name on `globalThis` of the one who sees copies of axios. */
export const place = 'axios-procore.register';

/** The hook for `module.register`: an ES module has no exports that others could look at, so it says itself that it is there. */
export async function load(
  url: string,
  context: unknown,
  nextLoad: (url: string, context: unknown) => Promise<Loaded>,
): Promise<Loaded> {
  return announced(url, await nextLoad(url, context));
}

/** The same for `module.registerHooks`. */
export function loadSync(
  url: string,
  context: unknown,
  nextLoad: (url: string, context: unknown) => Loaded,
): Loaded {
  return announced(url, nextLoad(url, context));
}

function announced(url: string, loaded: Loaded): Loaded {
  if (loaded.format !== 'module' || !loaded.source || !axiosModule.test(url)) return loaded;
  const source = typeof loaded.source === 'string' ? loaded.source : new TextDecoder().decode(loaded.source);
  if (!madeThere.test(source)) return loaded;
  return { ...loaded, source: `${source}\n;globalThis[Symbol.for(${JSON.stringify(place)})]?.(axios);\n` };
}
