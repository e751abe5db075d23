import { dirname, join } from 'node:path';
import ts from 'typescript';
import { read, root, type Block } from './pages.js';

const { options } = ts.parseJsonConfigFileContent(
  ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile).config,
  ts.sys,
  root,
);

/** Where TypeScript finds the source of each entry point, by the name that an import has: `paths` of tsconfig.json. */
export const sourcePaths: Readonly<Record<string, readonly string[]>> = options.paths ?? {};

/** The source of each entry point of the package, by the name that an import has: what `exports` of package.json says. */
export const sources: ReadonlyMap<string, string> = new Map(
  Object.entries((JSON.parse(read('package.json')) as { exports: object }).exports).flatMap(
    ([path, files]) => {
      const name = /dist\/cjs\/([^"]+)\.js"/.exec(JSON.stringify(files))?.[1];
      return name ? [[path.replace('.', 'axios-procore'), `src/${name}.ts`] as const] : [];
    },
  ),
);

/** The same as absolute paths. */
export const entryPoints: readonly string[] = [...sources.values()].map((file) => join(root, file));

/** A program over the source and over files that exist in memory only; the package's own names lead to the source. */
export function programOver(files: ReadonlyMap<string, string>): ts.Program {
  const settings: ts.CompilerOptions = {
    ...options,
    noEmit: true,
    baseUrl: root,
  };
  const host = ts.createCompilerHost(settings);
  const { fileExists, readFile } = host;
  host.fileExists = (name) => files.has(name) || fileExists(name);
  host.readFile = (name) => files.get(name) ?? readFile(name);
  const getSourceFile = host.getSourceFile.bind(host);
  host.getSourceFile = (name, target, ...rest) => {
    const text = files.get(name);
    return text === undefined
      ? getSourceFile(name, target, ...rest)
      : ts.createSourceFile(name, text, target, true);
  };
  return ts.createProgram([...entryPoints, ...files.keys()], settings, host);
}

/**
 * Type-checks examples together; each finding reads `page:line: text`. An example imports as a file of `folder` would, which is the one
 * that its page is in unless another is named.
 */
export function findingsIn(
  examples: readonly Block[][],
  stubs: ReadonlyMap<string, string> = new Map(),
  folder?: string,
): string[] {
  const origins = new Map<string, { page: string; line: number }[]>();
  const files = new Map<string, string>([...stubs].map(([name, text]) => [join(root, name), text]));
  examples.forEach((blocks, index) => {
    const { page } = blocks[0]!;
    const name = join(root, folder ?? dirname(page), `__example_${index}.ts`);
    const lines = blocks.flatMap(({ code, line }) =>
      code.split('\n').map((text, offset) => ({ text, page, line: line + offset })),
    );
    // The last line makes a module of an example that neither imports nor exports.
    files.set(name, [...lines.map(({ text }) => text), 'export {};'].join('\n'));
    origins.set(name, lines);
  });
  const program = programOver(files);
  return [...files.keys()].flatMap((name) => {
    const source = program.getSourceFile(name);
    return [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)].map(
      ({ start = 0, messageText }) => {
        const { line } = source!.getLineAndCharacterOfPosition(start);
        const origin = origins.get(name)?.[line] ?? origins.get(name)?.at(-1);
        const where = origin ? `${origin.page}:${origin.line}` : name;
        return `${where}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`;
      },
    );
  });
}

/** What a source file exports, read by the compiler: names of members of an interface, and literals of a union. */
export function createTypeReader(file: string): {
  members(type: string): string[];
  literals(type: string): string[];
} {
  const program = programOver(new Map());
  const checker = program.getTypeChecker();
  const source = program.getSourceFile(join(root, file))!;
  const exported = checker.getExportsOfModule(checker.getSymbolAtLocation(source)!);
  function declared(name: string): ts.Type {
    const symbol = exported.find((one) => one.name === name);
    if (!symbol) throw new Error(`${file} exports no type ${name}`);
    const real = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
    return checker.getDeclaredTypeOfSymbol(real);
  }
  return {
    members: (name) =>
      declared(name)
        .getProperties()
        .map((property) => property.name),
    literals(name) {
      const type = declared(name);
      const parts = type.isUnion() ? type.types : [type];
      return parts.filter((part) => part.isStringLiteral()).map((part) => part.value);
    },
  };
}
