import { join, relative } from 'node:path';
import ts from 'typescript';
import { beforeAll, expect, test } from 'vitest';
import { root } from './support/pages.js';
import { entryPoints, programOver } from './support/program.js';

let program: ts.Program;
let checker: ts.TypeChecker;
/** What every entry point exports, by `file name`. */
let exported: Map<string, ts.Symbol>;
beforeAll(() => {
  program = programOver(new Map());
  checker = program.getTypeChecker();
  exported = new Map(
    entryPoints.flatMap((file) => {
      const module = checker.getSymbolAtLocation(program.getSourceFile(file)!);
      // register exports nothing.
      const symbols = module ? checker.getExportsOfModule(module) : [];
      return symbols.map((symbol) => [`${relative(root, file)} ${symbol.name}`, aliased(symbol)] as const);
    }),
  );
});

function aliased(symbol: ts.Symbol): ts.Symbol {
  return symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
}

/** What only we make, and a user reads; what its methods take is the user's all the same. */
const madeByUs = new Set([
  'AccountFiles',
  'CallOfEvent',
  'CallSoFar',
  'ContractTest',
  'Counters',
  'Emulator',
  'FailedBatch',
  'FaultHandle',
  'LogEntry',
  'PacingStatus',
  'PartialFailure',
  'Problem',
  'ProcoreEvents',
  'ReportedAnswer',
  'ReportedRequest',
  'SupportReport',
  'SyncFailure',
  'TokenStatus',
]);

function isOurs(declaration: ts.Declaration): boolean {
  return declaration.getSourceFile().fileName.startsWith(join(root, 'src/'));
}

/** The declarations behind a public name, but for functions, whose parameters are types of their own. */
function interfacesOf(symbol: ts.Symbol): ts.Declaration[] {
  return (symbol.declarations ?? []).filter(
    (one) => ts.isInterfaceDeclaration(one) || ts.isTypeAliasDeclaration(one),
  );
}

/** Every optional property of a declaration, those of types written within it too. */
function optionalProperties(node: ts.Node): ts.PropertySignature[] {
  const own =
    (ts.isPropertySignature(node) || ts.isMethodSignature(node)) && node.questionToken
      ? [node as ts.PropertySignature]
      : [];
  return [...own, ...children(node).flatMap(optionalProperties)];
}

/** What methods of a declaration are handed; not what is handed to the functions that they are handed. */
function parametersIn(node: ts.Node): ts.Node[] {
  return ts.isParameter(node) ? [node] : children(node).flatMap(parametersIn);
}

function children(node: ts.Node): ts.Node[] {
  const found: ts.Node[] = [];
  ts.forEachChild(node, (child) => void found.push(child));
  return found;
}

/** Whether a property that is written out as undefined compiles under exactOptionalPropertyTypes. */
function takesUndefined(property: ts.PropertySignature): boolean {
  // `unknown` does as it is.
  if (property.type?.kind === ts.SyntaxKind.UnknownKeyword) return true;
  if (!ts.isPropertySignature(property) || !property.type) return false;
  return (
    ts.isUnionTypeNode(property.type) &&
    property.type.types.some((one) => one.kind === ts.SyntaxKind.UndefinedKeyword)
  );
}

test('every optional property that a user may give takes undefined', () => {
  const left = [...exported].flatMap(([name, symbol]) =>
    interfacesOf(symbol)
      .flatMap((declaration) => (madeByUs.has(symbol.name) ? parametersIn(declaration) : [declaration]))
      .flatMap(optionalProperties)
      .filter((property) => !takesUndefined(property))
      .map((property) => `${name}.${property.name.getText()}`),
  );
  expect(left).toEqual([]);
});

/** Declarations of ours that a public declaration names. */
function namedBy(symbol: ts.Symbol): ts.Symbol[] {
  const found = new Set<ts.Symbol>();
  function look(node: ts.Node): void {
    // What a function does is nobody's affair, nor is what is private.
    if (ts.isBlock(node) || (ts.isPropertyDeclaration(node) && ts.isPrivateIdentifier(node.name))) return;
    if (ts.isTypeReferenceNode(node) || ts.isExpressionWithTypeArguments(node)) {
      const name = ts.isTypeReferenceNode(node) ? node.typeName : node.expression;
      const named = checker.getSymbolAtLocation(name);
      if (named) found.add(aliased(named));
    }
    if (ts.isVariableDeclaration(node)) return void (node.type && look(node.type));
    if (ts.isPropertyDeclaration(node) && node.type) return look(node.type);
    ts.forEachChild(node, look);
  }
  for (const declaration of symbol.declarations ?? []) look(declaration);
  return [...found].filter((one) =>
    one.declarations?.every(
      (declaration) => !ts.isTypeParameterDeclaration(declaration) && isOurs(declaration),
    ),
  );
}

test('every type that a public declaration names is public as well', () => {
  const open = new Set(exported.values());
  const closed = [...exported].flatMap(([name, symbol]) =>
    namedBy(symbol)
      .filter((one) => !open.has(one))
      .map((one) => `${name} names ${one.name}`),
  );
  expect(closed).toEqual([]);
});

test("auto-complete on an own error offers what an error, axios's error and this package's documentation have", () => {
  const own = ['account', 'code', 'config', 'isAxiosError', 'kind', 'procore', 'request', 'response'];
  const members = [...own, 'retryAt', 'status', 'toJSON', 'cause', 'message', 'name', 'stack'];
  const union = exported.get('src/index.ts ProcoreError')!;
  const errors = checker.getDeclaredTypeOfSymbol(union);
  expect(errors.isUnion() && errors.types.length).toBe(8);
  for (const error of (errors as ts.UnionType).types) {
    const offered = checker.getPropertiesOfType(error).map((property) => property.name);
    const more = error.symbol.name === 'ReauthenticationRequiredError' ? ['reason'] : [];
    expect([error.symbol.name, offered.sort()]).toEqual([error.symbol.name, [...members, ...more].sort()]);
  }
});

/** A public name with what it is: the members of an interface, and the names in a union of texts. */
function inShort(symbol: ts.Symbol): string {
  if (symbol.flags & ts.SymbolFlags.Class) return ' class';
  if (symbol.flags & ts.SymbolFlags.Function) return ' function';
  if (symbol.flags & ts.SymbolFlags.Variable) return ' value';
  const type = checker.getDeclaredTypeOfSymbol(symbol);
  if (type.isUnion() && type.types.every((one) => one.isStringLiteral())) {
    const texts = type.types.map((one) => `'${one.value}'`);
    return `: ${texts.sort().join(' | ')}`;
  }
  if (!(symbol.flags & ts.SymbolFlags.Interface)) return ' type';
  const members = checker
    .getPropertiesOfType(type)
    // What comes from axios differs from version to version.
    .filter((one) => one.declarations?.some((each) => isOurs(each)))
    .map((one) => `${one.name}${one.flags & ts.SymbolFlags.Optional ? '?' : ''}`);
  return ` { ${members.sort().join(', ')} }`;
}

test('the public names, with their members, are those of public-names.txt; `npx vitest run --project unit test/docs/declarations.test.ts --update` writes it', async () => {
  const names = [...exported].map(([name, symbol]) => `${name}${inShort(symbol)}`).sort();
  await expect(`${names.join('\n')}\n`).toMatchFileSnapshot('public-names.txt');
});
