import { closingLua } from './closing.js';
import { membersLua } from './members.js';
import { orderLua } from './order.js';
import { planLua } from './plan.js';
import { windowsLua } from './windows.js';

/** How long a state is kept that nobody asks, beyond the last moment that it knows of. */
const keptMs = 600_000;
const longestKeptMs = 2 * 3_600_000;

/** Milliseconds on the clock of the server. */
const serverClock = `local time = redis.call('TIME')
local serverNowMs = time[1] * 1000 + math.floor(time[2] / 1000)`;

/**
 * The script that answers one question: `answerTo` of `shared/plan.ts` in Lua. KEYS: those of the scope. ARGV: the question as JSON.
 * Returns the reply as JSON.
 *
 * The state is a hash. The field `common` is JSON; each member has a field `member:…` with its numbers and its last reply, separated by
 * spaces. So a question reads and writes two fields, however many members there are. All members are read in a sweep only.
 *
 * It is safe to run twice: a client that lost its connection sends a command again whose reply it did not get.
 *
 * @param clock sets `serverNowMs`; tests give another one.
 */
export function pacingScriptWith(clock: string): string {
  return `
local stateKey, turnsKey, dueKey = KEYS[1], KEYS[2], KEYS[3]
${membersLua}${windowsLua}${closingLua}${orderLua}${planLua}
local question = cjson.decode(ARGV[1])
${clock}

local ownField = fieldOf(question.member)
local stored = redis.call('HMGET', stateKey, 'common', ownField)
if not stored[1] and redis.call('EXISTS', stateKey) == 1 then
  error('FOREIGN')
end
local known = stored[1] and stored[2] and memberIn(stored[2]) or nil
if known and question.number <= known.number then
  return known.reply
end

local common = at(stored[1] and commonIn(stored[1]) or nil, question, serverNowMs)
local removed = sweep(common, question.member)
hear(common, known, question)
local member, reply = grant(common, known, question)

local lastMs = math.max(common.nowMs, common.closing and common.closing.untilMs or 0)
for _, window in ipairs(common.windows) do
  lastMs = math.max(lastMs, window.resetAtMs or 0)
end
local text = cjson.encode(reply)
redis.call('HSET', stateKey, 'common', cjson.encode(common), ownField, textOf(member, text))
keepTurn(question.member, member)
for _, name in ipairs(removed) do
  redis.call('HDEL', stateKey, fieldOf(name))
  keepTurn(name)
end
for _, key in ipairs(KEYS) do
  redis.call('PEXPIRE', key, math.min(lastMs - common.nowMs + ${keptMs}, ${longestKeptMs}))
end
return text
`;
}

/** The script by the server's own clock. */
export const pacingScript: string = pacingScriptWith(serverClock);
