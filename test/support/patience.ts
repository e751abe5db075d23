/** Nothing is measured by it: it ends what hangs, and less time than a test has passes until then, so that the test says what it waited for. */
export const patienceMs = 240_000;
