import ts from 'typescript';
import type { Block } from './pages.js';

/** An `import` of an example finds this. */
export type Modules = Readonly<Record<string, object>>;

const AsyncFunction = (async () => {}).constructor as new (
  ...parameters: string[]
) => (...values: unknown[]) => Promise<unknown>;

/** Runs an example as it stands, with what its imports are to find; resolves with the variables named. */
export async function runExample(
  blocks: readonly Block[],
  modules: Modules,
  wanted: readonly string[] = [],
): Promise<Record<string, unknown>> {
  const { outputText } = ts.transpileModule(blocks.map(({ code }) => code).join('\n'), {
    compilerOptions: {
      module: ts.ModuleKind.CommonJS,
      target: ts.ScriptTarget.ES2022,
      esModuleInterop: true,
    },
  });
  const require = (name: string): object => {
    const found = modules[name];
    if (!found) throw new Error(`the example imports ${name}, which this test does not provide`);
    return { ...found, __esModule: true };
  };
  const run = new AsyncFunction('require', 'exports', `${outputText}\nreturn { ${wanted.join(', ')} };`);
  return (await run(require, {})) as Record<string, unknown>;
}
