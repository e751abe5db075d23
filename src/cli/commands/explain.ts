import { problems, type CatalogueRow, type Repetition } from '../../failure/catalogue.js';
import { reasons } from '../../failure/reasons.js';
import { CommandError, UsageError, type Answer } from '../answer.js';
import type { Settings } from '../cleaning.js';
import type { Paint } from '../colors.js';
import { questionIn, type Question } from '../explain/question.js';
import type { Io } from '../io.js';
import { unlessInterrupted, wholeInput } from '../waits.js';

const repetitions: Readonly<Record<Repetition, string>> = {
  no: 'no',
  replay: 'once, whatever the method, with a current token',
  'every-method': 'whatever the method, as nothing was carried out',
  idempotent: 'GET, HEAD, OPTIONS, PUT and DELETE, and calls marked as idempotent',
  'as-told': 'whatever the method where the answer has Retry-After, else idempotent methods',
};

/** Explains a failure from the catalogue, or a warning: its kind, its cause, and what to do. Sends nothing and needs no settings. */
export async function explain(io: Io, settings: Settings, words: readonly string[]): Promise<Answer> {
  const text = await textOf(io, words);
  if (text.trim() === '') throw new UsageError('Nothing to explain: the standard input is empty');
  const asked = questionIn(text);
  if (asked.kind === 'unknown')
    throw new CommandError(
      `Nothing in the catalogue fits. It takes a status (429), a kind (${Object.keys(problems)[0]}), a code of a warning, a message, or the JSON of an error, of its answer or of a support report`,
    );
  if (asked.kind === 'success')
    return {
      data: { status: asked.status },
      lines: () => [`${asked.status} is no failure: there is nothing to mend.`],
    };
  if (asked.kind === 'warning') {
    const { code, messages } = asked.warning;
    return {
      data: { warning: code, meanings: messages },
      lines: (paint) => [
        `${paint.strong('Warning')} ${paint.faint(`(${code})`)}`,
        ...messages.flatMap(({ says, remedy }) => [`  Says:       ${says}`, `  What to do: ${remedy}`]),
        '  See:        docs/troubleshooting.md#warnings',
      ],
    };
  }
  const { question } = asked;
  const { title, cause, remedy, docsUrl, retried } = rowOf(question);
  const messages = question.messages.map((said) => settings.clean(said));
  const status = question.status ?? problems[question.kind].status;
  const requestId = question.requestId && settings.clean(question.requestId, question.requestId);
  return {
    data: {
      kind: question.kind,
      ...(question.reason === undefined ? {} : { reason: question.reason }),
      ...(status === undefined ? {} : { status }),
      title,
      cause,
      remedy,
      docsUrl,
      retried,
      messages,
      ...(requestId === undefined ? {} : { requestId }),
    },
    lines: (paint) => linesOf({ ...question, status, messages, requestId }, paint),
  };
}

/** The words of the command line, or the standard input for `-` and for none at all. */
async function textOf(io: Io, words: readonly string[]): Promise<string> {
  const isAsked = words.length > 0 && words.join() !== '-';
  if (isAsked) return words.join(' ');
  if (words.length === 0 && io.isTerminal.input)
    throw new UsageError('Nothing to explain. For example: axios-procore explain 429');
  return unlessInterrupted(io, wholeInput(io));
}

/** The row of the kind, with the cause and the remedy of the reason, where there is one. */
function rowOf({ kind, reason }: Question): CatalogueRow {
  return reason === undefined ? problems[kind] : { ...problems[kind], ...reasons[reason] };
}

function linesOf(question: Question, paint: Paint): string[] {
  const { kind, reason, status, messages, requestId } = question;
  const { title, cause, remedy, docsUrl, retried } = rowOf(question);
  const name = reason === undefined ? kind : `${kind}: ${reason}`;
  return [
    `${paint.strong(`${status === undefined ? '' : `${status} `}${title}`)} ${paint.faint(`(${name})`)}`,
    ...messages.map((message) => `  Said:       ${message}`),
    ...(requestId === undefined ? [] : [`  Request id: ${requestId}`]),
    `  Cause:      ${cause}`,
    `  What to do: ${remedy}`,
    `  Sent again by the plugin: ${repetitions[retried]}.`,
    `  See:        ${docsUrl}`,
  ];
}
