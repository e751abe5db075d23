import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { healthOfRecordings, healthPage } from 'axios-procore/health';
import { describe } from './words.js';

/** Writes a page to a file; returns the line that names it, or says why there is none. Never throws, because the run has gone well. */
export function writePage(file: string, makePage: () => string): string {
  try {
    writeFileSync(file, makePage());
    return `How healthy Procore would find the calls with the plugin, those that the surprises met included, is on a page for your browser: ${resolve(file)}`;
  } catch (error) {
    return `There is no page on the run: ${describe(error)}`;
  }
}

/** The page on what several workers have recorded in their files. */
export function pageOf(recordings: readonly string[]): string {
  return healthPage(healthOfRecordings(recordings.map((file) => readFileSync(file, 'utf8'))));
}
