/**
 * In Lua what `shared/order.ts` has; there are the reasons. It counts in two sorted sets of the members whose calls wait, by turn and by
 * when they ask again, because reading a thousand members takes the server milliseconds.
 */
export const orderLua = `
local graceMs = 1000

local function orderOf(asking, turn, nowMs)
  local freshMs = nowMs - graceMs
  local waiting = redis.call('ZCOUNT', dueKey, freshMs, '+inf') + 1
  local ownDueMs = redis.call('ZSCORE', dueKey, asking)
  if ownDueMs and tonumber(ownDueMs) >= freshMs then
    waiting = waiting - 1
  end
  local before = redis.call('ZCOUNT', turnsKey, '-inf', '(' .. turn)
  for _, late in ipairs(redis.call('ZRANGEBYSCORE', dueKey, '-inf', '(' .. freshMs)) do
    local lateTurn = redis.call('ZSCORE', turnsKey, late)
    if lateTurn and tonumber(lateTurn) < turn then
      before = before - 1
    end
  end
  return { before = before, waiting = waiting }
end

local function keepTurn(name, member)
  if member and member.turn > 0 then
    redis.call('ZADD', turnsKey, member.turn, name)
    redis.call('ZADD', dueKey, member.dueMs, name)
  else
    redis.call('ZREM', turnsKey, name)
    redis.call('ZREM', dueKey, name)
  end
end

local function turnOf(order, room, calls)
  return math.max(0, math.min(calls, math.ceil(room / order.waiting), room - order.before))
end
`;
