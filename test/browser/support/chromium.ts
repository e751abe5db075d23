/** A real headless Chromium for tests: the program that CHROMIUM_PATH names, or an installed one. */
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { chromium, type Browser } from 'playwright-core';

const names = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome'];
const args = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/**
 * A browser with a new and empty profile. Undefined, with a line that says so, where there is none; with AXIOS_PROCORE_REQUIRE_SERVERS=1
 * that is an error.
 */
export async function startChromium(): Promise<Browser | undefined> {
  const executablePath = process.env['CHROMIUM_PATH'] ?? installed();
  if (executablePath) return chromium.launch({ executablePath, args, headless: true });
  const why = `no Chromium to start: none of ${names.join(', ')} is in the PATH, and CHROMIUM_PATH is not set`;
  if (process.env['AXIOS_PROCORE_REQUIRE_SERVERS'] === '1') throw new Error(why);
  console.warn(`skipped: ${why}`);
  return undefined;
}

function installed(): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  return names.flatMap((name) => folders.map((folder) => join(folder, name))).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
