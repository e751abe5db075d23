import type { Question, Reply, Tasks } from './questions.js';

/** Does what the parent process asks for. The process ends when its parent has gone or lets go of it. */
export function answerParent(tasks: Tasks): void {
  // A parent that has gone hears no answer, and the process is about to end.
  const reply = (answer: Reply) => void process.send?.(answer, () => undefined);
  process.on('disconnect', () => process.exit());
  process.on('message', ({ id, task, argument }: Question) => {
    void (async () => {
      try {
        reply({ id, result: await tasks[task]!(argument as never) });
      } catch (error) {
        reply({ id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
      }
    })();
  });
}
