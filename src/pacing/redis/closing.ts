/** In Lua what `shared/closing.ts` has; there are the reasons. */
export const closingLua = `
local baseWaitMs = 1000
local longestWaitMs = 30000
local longestServerWaitMs = 3600000

local function closed(closing, refused, nowMs, isAgain)
  local refusals = (closing and closing.refusals or 0) + (isAgain and 1 or 0)
  local ownMs = math.min(baseWaitMs * 2 ^ math.min(refusals, 5), longestWaitMs)
  local waitMs = refused.waitMs or 0
  local isServers = waitMs >= baseWaitMs or (waitMs > 0 and refusals == 0)
  local askedMs = math.min(isServers and waitMs or math.max(waitMs, ownMs), longestServerWaitMs)
  local jitterMs = math.floor(refused.draw * math.min(math.max(math.floor(askedMs / 10), 100), 1000) / 1000)
  local endsMs = nowMs + askedMs
  local untilMs = endsMs + jitterMs
  if isAgain or not closing then
    return { status = refused.status, endsMs = endsMs, untilMs = untilMs, refusals = refusals, firstMs = 0 }
  end
  if endsMs > closing.endsMs then
    closing.status = refused.status
    closing.endsMs = endsMs
    closing.untilMs = untilMs
  end
  return closing
end

local function withRefusal(common, question)
  local closing, refused = common.closing, question.refused
  local isFirst = closing ~= nil and closing.firstMs > 0
  if refused and (refused.status == 429 or refused.waitMs or (isFirst and refused.wentFirst)) then
    common.closing = closed(closing, refused, common.nowMs, isFirst and refused.wentFirst)
  elseif isFirst and question.first == 'answered' then
    common.closing = nil
  elseif isFirst and question.first then
    closing.firstMs = 0
  end
end
`;
