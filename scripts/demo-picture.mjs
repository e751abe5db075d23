// Writes docs/demo.svg, what a terminal shows of a run of the demo: `npm run docs:demo`.
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { devNull } from 'node:os';
import { fileURLToPath } from 'node:url';
import ansiToSvg from 'ansi-to-svg';

const root = fileURLToPath(new URL('..', import.meta.url));
// Few calls for the time, so that the machine can use up the limits, whatever else it does.
const options = '--duration 15 --concurrency 10 --requests 200';
const columns = 100;
// The width of a character that ansi-to-svg reckons with.
const characterWidth = 8.4013671875;

const svg = pictureOf(`\u001b[1m$ npm run demo -- ${options}\u001b[22m\n${run()}`);
writeFileSync(new URL('../docs/demo.svg', import.meta.url), svg);

/** What the demo writes to a terminal: `script` (util-linux) stands for one. The progress, on standard error, is left out. */
function run() {
  const demo = `node --import tsx examples/demo.ts ${options}`;
  const { status, stdout } = spawnSync(
    'script',
    ['--quiet', '--return', '--command', `stty cols ${columns} && ${demo} 2> ${devNull}`, devNull],
    {
      cwd: root,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, TSX_TSCONFIG_PATH: 'scripts/tsconfig.run.json' },
    },
  );
  if (status !== 0) throw new Error(`the demo did not go well:\n${stdout}`);
  // The last line is a path of this machine.
  return stdout.replaceAll('\r', '').trimEnd().split('\n').slice(0, -1).join('\n');
}

function pictureOf(text) {
  const drawn = ansiToSvg(text, {
    ...{ paddingTop: 14, paddingRight: 20, paddingBottom: 14, paddingLeft: 20 },
    fontFamily: "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace",
    // Light on dark, on a page of either kind.
    colors: { backgroundColor: '#0d1117', foregroundColor: '#e6edf3', green: '#3fb950' },
  });
  return `${drawn
    .replace('<svg ', '<svg role="img" ')
    .replace('<g ', '<title>What a run of the demo of axios-procore writes to a terminal</title><g ')
    .replace(/(<text [^>]*)>(.*?)<\/text>/g, atItsPlace)
    .replaceAll('</text><text', '</text>\n<text')}\n`;
}

/**
 * Spaces at the beginning of a text are in its position already, and browsers show several as one. The width is the same whichever font
 * there is.
 */
function atItsPlace(_element, start, text) {
  const shown = text.trimStart().replaceAll('  ', '\u00a0\u00a0');
  const width = shown.replace(/&#?\w+;/g, '.').length * characterWidth;
  return `${start} textLength="${width.toFixed(1)}">${shown}</text>`;
}
