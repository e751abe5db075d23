// Asks the registry for known vulnerabilities of what is shipped. `npm audit --omit=dev` would not see the libraries that are bundled, and
// without it would tell of old versions of axios, which only tests use. Fails, too, where the registry gives no answer.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { billOfMaterials, vulnerableIn } from './shipped.mjs';

const { stdout } = spawnSync('npm', ['audit', '--json', '--package-lock-only', '--audit'], {
  encoding: 'utf8',
  maxBuffer: 2 ** 26,
  shell: process.platform === 'win32',
});
const report = JSON.parse(stdout);
if (report.vulnerabilities) {
  const bill = await billOfMaterials();
  const lock = JSON.parse(readFileSync('package-lock.json', 'utf8'));
  const found = vulnerableIn(report, lock, bill);
  for (const { name, severity, range, via } of found) {
    const reasons = via.map((reason) =>
      typeof reason === 'string' ? reason : `${reason.title}, ${reason.url}`,
    );
    console.log(`${name} ${range}: ${severity}\n  ${reasons.join('\n  ')}`);
  }
  console.log(
    `Of the ${bill.components.length} packages that are shipped, ${found.length} have known vulnerabilities.`,
  );
  process.exitCode = found.length > 0 ? 1 : 0;
} else {
  console.error(`The registry answers no audit: ${report.message ?? report.error?.summary}`);
  process.exitCode = 1;
}
