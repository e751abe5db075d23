import { versioned, type Route } from './call.js';
import { errorShapes } from './error-shapes.js';
import { json } from './message.js';

/** `/rest/v1.0/emulator/errors/:name` with any method: the error shape of that name. */
export const errorRoute: Route = versioned(
  'any',
  '/emulator/errors/:name',
  ({ params: { name = '' } }) => {
    const shape = Object.hasOwn(errorShapes, name) ? errorShapes[name] : undefined;
    // A misspelt name gets a message that no shape has, so that it is not taken for one.
    return { reply: shape ?? json(404, { message: 'errorShapes has no shape of that name.' }) };
  },
  'never',
);
