import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Reply, Tasks } from './questions.js';

type Asked<T extends Tasks, K extends keyof T> = Promise<Awaited<ReturnType<T[K]>>>;

/** A process of the bench, started by another one. */
export interface Child<T extends Tasks> {
  ask<K extends keyof T & string>(
    task: K,
    ...argument: Parameters<T[K]> extends [] ? [] : [Parameters<T[K]>[0]]
  ): Asked<T, K>;
  /** Stops the process where it is, or lets it go on. */
  signal(name: 'SIGSTOP' | 'SIGCONT'): void;
  end(): Promise<void>;
}

const configuration = fileURLToPath(new URL('../../scripts/tsconfig.run.json', import.meta.url));

/** Starts `bench/processes/<name>.ts`. */
export function startChild<T extends Tasks>(name: string, nodeOptions: readonly string[] = []): Child<T> {
  const child = fork(fileURLToPath(new URL(`../processes/${name}.ts`, import.meta.url)), [], {
    execArgv: ['--import', 'tsx', ...nodeOptions],
    env: { ...process.env, TSX_TSCONFIG_PATH: configuration },
  });
  const open = new Map<number, { resolve: (result: never) => void; reject: (error: Error) => void }>();
  let asked = 0;
  child.on('message', (reply: Reply) => {
    const question = open.get(reply.id)!;
    open.delete(reply.id);
    if ('error' in reply) question.reject(new Error(`${name}: ${reply.error}`));
    else question.resolve(reply.result as never);
  });
  child.on('exit', (code) => {
    for (const { reject } of open.values()) reject(new Error(`The process ${name} has ended with ${code}.`));
  });
  return {
    ask: (task, ...[argument]) =>
      new Promise((resolve, reject) => {
        const id = asked++;
        open.set(id, { resolve, reject });
        child.send({ id, task, argument });
      }),
    signal: (name) => void child.kill(name),
    async end() {
      if (child.exitCode !== null) return;
      child.disconnect();
      await once(child, 'exit');
    },
  };
}
