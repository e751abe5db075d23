import { errorShapes } from './error-shapes.js';
import { json } from './message.js';
import type { Route } from './resources.js';

/** `/rest/v1.0/emulator/errors/:name` with any method: the error shape of that name. */
export const errorRoute: Route = {
  methods: 'any',
  pattern: /^\/emulator\/errors\/([^/]+)$/,
  company: 'never',
  handle(_request, _caller, [name = '']) {
    const shape = Object.hasOwn(errorShapes, name) ? errorShapes[name] : undefined;
    // A misspelt name gets a message that no shape has, so that it is not taken for one.
    return { reply: shape ?? json(404, { message: 'errorShapes has no shape of that name.' }) };
  },
};
