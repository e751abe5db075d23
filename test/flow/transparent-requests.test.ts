import { compare } from '../support/transparent/compare.js';
import { requestScenes } from '../support/transparent/scenes.js';

compare(requestScenes);
