/* global afterEach, describe, it */
import assert from 'node:assert';
import axios from 'axios';
import * as procore from 'axios-procore';
import * as emulating from 'axios-procore/emulator';
import * as files from 'axios-procore/stores/file';
import { stepsOf } from './steps.cjs';

describe('ES modules', () => {
  const { tests, end } = stepsOf({ assert, axios, procore, emulating, files });
  afterEach(end);
  for (const [title, run] of Object.entries(tests)) it(title, run);
});
