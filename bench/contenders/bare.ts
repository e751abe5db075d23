import type { Connect } from './contender.js';
import { clientOf, instanceFor } from './instance.js';

export const connect: Connect = (world) => clientOf(instanceFor(world));
