/** A machine whose clock is ahead by the milliseconds of CLOCK_AHEAD_MS. */
const { now } = Date;
const aheadMs = Number(process.env.CLOCK_AHEAD_MS ?? 0);
if (aheadMs !== 0) Date.now = () => now() + aheadMs;
