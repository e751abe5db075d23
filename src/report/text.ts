import type { SupportReport } from './fields.js';

const notOfACall =
  'unknown: this is not the error of a call. Pass the error that the call was rejected with, or keep it as the cause of your own.';

/** A report as text to paste into a ticket. */
export function textOf(report: Omit<SupportReport, 'toString'>): string {
  const { at, error, request, response, requestId, attempts, problem } = report;
  const lines = [
    ...line('Time', at),
    ...line('Request', request && `${request.method} ${request.url}`),
    ...line('Status', response ? String(response.status) : request ? 'no answer' : notOfACall),
    ...line('Request id', requestId),
    ...line('Attempts', attempts === undefined ? undefined : String(attempts)),
    ...line('Error', `${error.name}${error.code ? ` ${error.code}` : ''}: ${error.message}`),
    ...line('Kind', problem && `${problem.kind}: ${problem.title}`),
    ...line('Reason', problem?.reason),
    ...line('Cause', problem?.cause),
    ...line('Remedy', problem?.remedy),
    ...line('See', problem?.docsUrl),
    ...(problem?.messages ?? []).flatMap((message) => line('Message', message)),
    ...headers('Request headers', request?.headers),
    ...block('Request body', request?.body),
    ...headers('Answer headers', response?.headers),
    ...block('Answer body', response?.body),
  ];
  return lines.join('\n');
}

function line(name: string, value: string | undefined): string[] {
  return value === undefined ? [] : [`${`${name}:`.padEnd(12)}${value}`];
}

function headers(title: string, shown: Record<string, string> | undefined): string[] {
  const entries = Object.entries(shown ?? {});
  return entries.length === 0
    ? []
    : ['', `${title}:`, ...entries.map(([name, value]) => `  ${name}: ${value}`)];
}

function block(title: string, body: string | undefined): string[] {
  return body === undefined ? [] : ['', `${title}:`, body];
}
