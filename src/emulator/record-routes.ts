import { versioned, type Call, type Route } from './call.js';
import { isFields, objectIn, sentIn } from './fields.js';
import type { Outcome } from './message.js';
import type { Item, Place, Records, Written } from './records.js';

/** The routes to the records of one kind. */
export interface RecordRoutes {
  /** The paths of the list below the version, such as `/projects/:project_id/rfis`. */
  readonly paths: readonly string[];
  /** The name of the wrapper: `rfi` in `{ rfi: {…} }`. */
  readonly wrapper: string;
  readonly records: Records;
  /** Where the records of a call are; undefined where the call does not name the project. */
  placeOf(call: Call): Place | undefined;
  /** What of a list the query asks for, besides filters. */
  readonly listed?: (items: readonly Item[], query: URLSearchParams) => readonly Item[];
}

/** How many items a sync action takes at most. Source: Procore, "Using Sync Actions". */
const mostUpdates = 1_000;

/** List, show, create, update, and the sync action. */
export function recordRoutes({ paths, ...parts }: RecordRoutes): Route[] {
  const { wrapper, records, placeOf, listed = (items) => items } = parts;
  const inPlace =
    (handle: (call: Call, place: Place) => Outcome) =>
    (call: Call): Outcome => {
      const place = placeOf(call);
      if (place) return handle(call, place);
      return { reply: call.answers.refused(400, 'param is missing or the value is empty: project_id') };
    };

  function create(call: Call, place: Place): Outcome {
    const sent = sentIn(call.request, wrapper);
    if (sent === undefined) return noObject(call);
    return written(call, 201, records.create(place, sent.fields, call.caller.userId, sent.isOpaque));
  }

  function update(call: Call, place: Place): Outcome {
    const sent = sentIn(call.request, wrapper);
    if (sent === undefined) return noObject(call);
    const result = records.update(place, call.params['id']!, sent.fields);
    return result ? written(call, 200, result) : notThere(call);
  }

  function sync(call: Call, place: Place): Outcome {
    const updates = objectIn(call.request.body)?.['updates'];
    if (!Array.isArray(updates) || !updates.every(isFields)) return noUpdates(call);
    if (updates.length > mostUpdates)
      return { reply: call.answers.invalid({ updates: [`is too long (maximum is ${mostUpdates})`] }) };
    const result = records.sync(place, updates, call.caller.userId);
    return { reply: call.answers.one(result), wrote: result.entities.length > 0 };
  }

  return paths.flatMap((path) => [
    versioned(
      'GET',
      path,
      inPlace((call, place) => {
        const items = listed(records.list(place), new URLSearchParams(call.request.query));
        return { reply: call.answers.list(items) };
      }),
    ),
    versioned('POST', path, inPlace(create)),
    ...['PATCH', 'POST'].map((method) => versioned(method, `${path}/sync`, inPlace(sync))),
    versioned(
      'GET',
      `${path}/:id`,
      inPlace((call, place) => {
        const item = records.find(place, call.params['id']!);
        return item ? { reply: call.answers.one(item) } : notThere(call);
      }),
    ),
    ...['PATCH', 'PUT'].map((method) => versioned(method, `${path}/:id`, inPlace(update))),
  ]);
}

function written({ answers }: Call, status: 200 | 201, result: Written): Outcome {
  return 'item' in result
    ? { reply: answers.one(result.item, status), wrote: true }
    : { reply: answers.invalid(result.errors) };
}

function notThere({ answers }: Call): Outcome {
  return { reply: answers.refused(404, 'Not Found') };
}

function noObject({ answers }: Call): Outcome {
  return { reply: answers.refused(400, 'The request body is not a JSON object.') };
}

function noUpdates({ answers }: Call): Outcome {
  return {
    reply: answers.refused(400, 'The request body is not a JSON object with a list of updates.'),
  };
}
