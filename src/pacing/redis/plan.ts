import { permitMs, removedAfterMs, sweepMs } from '../shared/state.js';

/** In Lua what `shared/plan.ts` has; there are the reasons. It changes the state in place. */
export const planLua: string = `
local mostBeforeFirstAnswer = 10
local unlimitedRoom = 1000000
local firstAnswerMs = 5000
local longWaitMs = 60000
local mostAhead = 512
local longestAskAgainMs = 30000
local frontAskMs = 50
local eachAskMs = 20
local longestLookMs = 5000
local staggerMs = 2

local function at(common, question, serverNowMs)
  if not common then
    return {
      epoch = question.member .. '.' .. question.number,
      setBackMs = 0,
      nowMs = serverNowMs,
      issued = 0,
      outstanding = 0,
      members = 0,
      turns = 0,
      grantedMs = 0,
      sweptMs = serverNowMs,
      answered = false,
      windows = {},
    }
  end
  common.setBackMs = math.max(common.setBackMs, common.nowMs - serverNowMs)
  common.nowMs = serverNowMs + common.setBackMs
  withResets(common)
  return common
end

local function sweep(common, asking)
  local removed = {}
  if common.nowMs - common.sweptMs < ${sweepMs} then
    return removed
  end
  for name, member in pairs(membersOf()) do
    if name ~= asking and common.nowMs - member.dueMs > ${removedAfterMs} then
      removed[#removed + 1] = name
      common.members = common.members - 1
      common.outstanding = common.outstanding - member.held
    end
  end
  common.sweptMs = common.nowMs
  return removed
end

local function hear(common, known, question)
  local knownHeld = known and known.held or 0
  local difference = question.held + question.returned + question.ended - knownHeld
  local isNext = known and question.number == known.number + 1
  local unknown = isNext and difference or math.max(difference, 0)
  common.members = common.members + (known and 0 or 1)
  common.issued = common.issued + math.max(unknown, 0)
  common.outstanding = common.outstanding + question.held - knownHeld
  spend(common.windows, unknown - question.returned)
  local isAnswered = question.refused ~= nil
  if question.epoch == common.epoch then
    isAnswered = isAnswered or question.first == 'answered' or question.unlimited ~= nil
    for _, told in ipairs(question.told) do
      isAnswered = isAnswered or told.issued ~= nil
    end
  end
  common.answered = common.answered or isAnswered
  withTold(common, question)
  withRefusal(common, question)
end

local function openingOf(common)
  local closing, outstanding, nowMs = common.closing, common.outstanding, common.nowMs
  local room, untilMs, answerMs = unlimitedRoom, 0, 0
  if not common.answered then
    room = math.max(1, mostBeforeFirstAnswer - outstanding)
    if outstanding >= mostBeforeFirstAnswer then
      answerMs = common.grantedMs + firstAnswerMs
    end
  end
  if closing then
    room = 1
    untilMs = closing.untilMs
    if closing.firstMs > 0 then
      answerMs = math.max(answerMs, closing.firstMs + firstAnswerMs)
    end
  end
  for _, window in ipairs(common.windows) do
    room = math.min(room, math.max(1, window.left))
    if window.left < 1 then
      local resetAtMs = window.resetAtMs
      if resetAtMs then
        local mayAsk = window.least >= 1 and outstanding == 0 and resetAtMs - nowMs > longWaitMs
        untilMs = math.max(untilMs, mayAsk and common.grantedMs + firstAnswerMs or resetAtMs)
      elseif outstanding > 0 then
        answerMs = math.max(answerMs, common.grantedMs + firstAnswerMs)
      end
    end
  end
  return { room = room, untilMs = untilMs, answerMs = answerMs }
end

local function aheadOf(common)
  local most = mostAhead
  for _, window in ipairs(common.windows) do
    local parts = (2 * window.left > window.limit and 2 or 8) * common.members
    most = math.min(most, math.floor(window.left / parts))
  end
  return most
end

local function askAgainAfter(opening, order, common, granted)
  local nowMs, untilMs, answerMs = common.nowMs, opening.untilMs, opening.answerMs
  local position = 0
  if order then
    position = granted > 0 and order.waiting - 1 or order.before
  end
  local function afterMs(atMs)
    return math.min(atMs - nowMs + staggerMs * position, longestAskAgainMs)
  end
  if untilMs > nowMs then
    return afterMs(untilMs)
  end
  local lookMs = frontAskMs + eachAskMs * position
  if answerMs > nowMs then
    return math.min(lookMs, longestLookMs, afterMs(answerMs))
  end
  if opening.room - granted > position then
    return frontAskMs
  end
  local resetAtMs = nowMs + longestLookMs
  for _, window in ipairs(common.windows) do
    resetAtMs = math.min(resetAtMs, window.resetAtMs or resetAtMs)
  end
  return math.min(lookMs, afterMs(resetAtMs))
end

local function tightestOf(common)
  local tightest
  for _, window in ipairs(common.windows) do
    if not tightest or window.left < tightest.left then
      tightest = window
    end
  end
  return tightest
end

local function isFirstOf(common, granted)
  if granted == 0 then
    return false
  end
  local isFirst = not common.answered or common.closing ~= nil
  for _, window in ipairs(common.windows) do
    isFirst = isFirst or not window.resetAtMs
  end
  return isFirst
end

local function grant(common, known, question)
  local nowMs, closing, waiting = common.nowMs, common.closing, question.waiting
  local opening = openingOf(common)
  local isOpen = opening.untilMs <= nowMs and opening.answerMs <= nowMs
  local ahead = isOpen and common.answered and not closing and aheadOf(common) or 0
  local share = math.min(question.wanted, ahead)
  local turn = 0
  if waiting > 0 then
    turn = known and known.turn > 0 and known.turn or common.turns + 1
  end
  local order = waiting > share and orderOf(question.member, turn, nowMs) or nil
  local granted = isOpen and math.max(share, order and turnOf(order, opening.room, waiting) or 0) or 0
  local stillWaits = waiting > granted
  local nextTurn = 0
  if stillWaits then
    nextTurn = granted > 0 and math.max(common.turns, turn) + 1 or turn
  end
  local askAgainInMs = askAgainAfter(opening, order, common, granted)
  local window = tightestOf(common)
  local reply = {
    epoch = common.epoch,
    granted = granted,
    validMs = ${permitMs},
    isFirst = isFirstOf(common, granted),
    ahead = ahead,
    opensInMs = opening.untilMs > nowMs and opening.untilMs - nowMs or nil,
    status = closing and closing.status or nil,
    askAgainInMs = askAgainInMs,
    limit = window and window.limit or nil,
    left = window and math.max(window.left - granted, 0) or nil,
    resetInMs = window and window.resetAtMs and window.resetAtMs - nowMs or nil,
    issued = common.issued,
    outstanding = common.outstanding,
  }
  common.issued = common.issued + granted
  common.outstanding = common.outstanding + granted
  common.turns = math.max(common.turns, turn, nextTurn)
  spend(common.windows, granted)
  if granted > 0 then
    common.grantedMs = nowMs
    if closing then
      closing.firstMs = nowMs
    end
  end
  local member = {
    held = question.held + granted,
    number = question.number,
    turn = nextTurn,
    dueMs = nowMs + (stillWaits and askAgainInMs or 0),
  }
  return member, reply
end
`;
