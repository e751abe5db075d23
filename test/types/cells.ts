import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createConsumer, root, type Consumer } from '../support/packed.js';

/** A module resolution of TypeScript. Options are those of a tsconfig, so that every compiler takes them. */
export interface Mode {
  /** How the files are named decides what they are under node16. */
  extension: 'ts' | 'mts' | 'cts';
  options: Record<string, unknown>;
  build: 'esm' | 'cjs';
}

const node16 = { module: 'node16', moduleResolution: 'node16' };
const bundler = { module: 'esnext', moduleResolution: 'bundler' };
export const modes: Record<string, Mode> = {
  'node16, ES modules': { extension: 'mts', options: node16, build: 'esm' },
  'node16, CommonJS': { extension: 'cts', options: node16, build: 'cjs' },
  bundler: { extension: 'ts', options: bundler, build: 'esm' },
  'bundler, browser types only': {
    extension: 'ts',
    options: { ...bundler, types: [], lib: ['es2022', 'dom', 'dom.iterable'] },
    build: 'esm',
  },
  node10: { extension: 'ts', options: { module: 'commonjs', moduleResolution: 'node10' }, build: 'esm' },
};

/** What each mode adds to. */
export const strictly = {
  target: 'es2022',
  lib: ['es2022'],
  types: ['node'],
  strict: true,
  exactOptionalPropertyTypes: true,
  // The declarations themselves must be right, not only what a consumer makes of them.
  skipLibCheck: false,
  esModuleInterop: true,
  noEmit: true,
};

/** The folders of axios in our `node_modules`. */
export const copies: readonly string[] = ['axios-0.21', 'axios-0.27', 'axios-1.0', 'axios-1.6', 'axios'];

/** What a consumer cannot have in a cell, because axios's own declarations do not give it. A proof fails where it must. */
export interface Exemption {
  readonly copies: readonly string[];
  readonly mode: string;
  /** What is left out. */
  readonly without: readonly Part[];
  readonly proof: 'alone' | 'default' | 'augment';
  readonly why: string;
}
type Part = 'calls' | 'create' | 'errors';

export const exemptions: readonly Exemption[] = [
  {
    copies: ['axios-0.21', 'axios-0.27'],
    mode: 'node16, ES modules',
    without: ['create'],
    proof: 'default',
    why: "axios's declarations are CommonJS with `export default`, which Node's own rules read as `axios.default`",
  },
  {
    copies: ['axios-1.0'],
    mode: 'node16, CommonJS',
    without: ['calls', 'create', 'errors'],
    proof: 'alone',
    why: 'axios 1.0 and 1.1 declare an ES module for `require` too',
  },
  {
    copies: ['axios-1.6', 'axios'],
    mode: 'node16, CommonJS',
    without: ['errors'],
    proof: 'augment',
    why: 'axios declares `AxiosError` as an alias for `require`, which nobody can add a property to',
  },
];
/** Modes that get the CommonJS build, which has no type for `error.procore`: one build serves every axios. */
const untypedErrors = (mode: string): boolean => modes[mode]!.build === 'cjs';

/** The parts that a cell compiles. */
function partsOf(copy: string, mode: string): Part[] {
  const left = exemptions
    .filter((one) => one.mode === mode && one.copies.includes(copy))
    .flatMap(({ without }) => without);
  const parts: Part[] = ['calls', 'create', ...(untypedErrors(mode) ? [] : (['errors'] as const))];
  return parts.filter((part) => !left.includes(part));
}

export interface Cell {
  readonly copy: string;
  readonly mode: string;
  /** Every file must compile; none of `proofs` may. */
  readonly files: readonly string[];
  readonly proofs: readonly string[];
}

/** A consumer for each axios, with the sources of every mode. */
export async function createCells(): Promise<{
  consumers: readonly (Consumer & { copy: string })[];
  cells: readonly Cell[];
  remove(): Promise<void>;
}> {
  const consumers: (Consumer & { copy: string })[] = [];
  const remove = async () => void (await Promise.all(consumers.map((consumer) => consumer.remove())));
  try {
    for (const [index, copy] of copies.entries()) {
      const consumer = await createConsumer(copy, { packed: consumers[0], also: ['@opentelemetry/api'] });
      consumers.push({ ...consumer, copy });
      await setVersion(consumer, `0.0.${index}`);
    }
    const cells: Cell[] = [];
    for (const { copy, folder } of consumers) {
      for (const mode of Object.keys(modes)) {
        const { extension } = modes[mode]!;
        const put = async (from: string, name: string) => {
          const file = join(folder, `${name}.${extension}`);
          await mkdir(folder, { recursive: true });
          await copyFile(join(root, `test/types/${from}/${name}.ts`), file);
          return file;
        };
        const parts = partsOf(copy, mode);
        const proofs = exemptions.filter((one) => one.mode === mode && one.copies.includes(copy));
        cells.push({
          copy,
          mode,
          files: await Promise.all(parts.map((part) => put('consumer', part))),
          proofs: await Promise.all(proofs.map(({ proof }) => put('proofs', proof))),
        });
      }
    }
    return { consumers, cells, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** TypeScript takes packages of one name and version for one package, and would look at the axios of the first alone. */
async function setVersion({ installed }: Consumer, version: string): Promise<void> {
  const file = join(installed, 'package.json');
  const manifest = JSON.parse(await readFile(file, 'utf8')) as object;
  await writeFile(file, JSON.stringify({ ...manifest, version }));
}
