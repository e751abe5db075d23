// Writes docs/performance.md from bench/results.json: `npm run docs:performance`.
import { writePage } from '../bench/support/files.ts';

await writePage();
