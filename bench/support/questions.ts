/** What a process of the bench can be asked to do, by name: a function of one value that can be sent to another process. */
export type Tasks = Record<string, (argument: never) => unknown>;

export interface Question {
  readonly id: number;
  readonly task: string;
  readonly argument: unknown;
}

export type Reply =
  { readonly id: number; readonly result: unknown } | { readonly id: number; readonly error: string };
