import { compare } from '../support/transparent/compare.js';
import { answerScenes } from '../support/transparent/scenes.js';

compare(answerScenes);
