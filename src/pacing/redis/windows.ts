/** In Lua what `shared/windows.ts` has; there are the reasons. It changes the state in place. */
export const windowsLua = `
local mostWindows = 3

local function withResets(common)
  for index, window in ipairs(common.windows) do
    if window.resetAtMs and common.nowMs >= window.resetAtMs then
      common.windows[index] = {
        limit = window.limit,
        passed = window.reset or window.passed,
        left = math.max(window.left, 0) + 1,
        least = window.least,
        since = common.issued,
      }
    end
  end
end

local function spend(windows, count)
  for _, window in ipairs(windows) do
    window.left = window.left - count
  end
end

local function kept(windows, isKept)
  local left = {}
  for _, window in ipairs(windows) do
    if isKept(window) then
      left[#left + 1] = window
    end
  end
  return left
end

local function windowOf(windows, told)
  for _, window in ipairs(windows) do
    if window.limit == told.limit then
      return window
    end
  end
  for _, window in ipairs(windows) do
    if window.reset and window.reset == told.reset then
      return window
    end
  end
end

local function isLate(window, told, issued)
  if not told.reset or (issued and issued >= window.since) then
    return false
  end
  return told.reset <= window.passed or (window.reset ~= nil and told.reset < window.reset)
end

local function informed(common, told, isOwn)
  local window = windowOf(common.windows, told)
  if told.again and window then
    return
  end
  local issued = isOwn and told.issued and told.issued <= common.issued and told.issued or nil
  if window and isLate(window, told, issued) then
    return
  end
  local passed = window and window.passed or 0
  local isAhead = told.reset and told.resetInMs and told.resetInMs > 0 and told.reset > passed
  local isSame = isAhead and window and told.reset == window.reset
  local resetAtMs = isAhead and common.nowMs + told.resetInMs or nil
  local overlap = issued and common.issued - issued + (told.outstanding or 0) - 1
  local sure = overlap and told.remaining - overlap or told.least - common.outstanding
  local isRaised = overlap and window and sure > window.least
  local left = sure
  if window and told.least >= window.left then
    left = overlap and math.max(window.left, sure) or window.left
  end
  local windows = kept(common.windows, function(other)
    return other ~= window and (other.reset or not issued or issued < other.since)
  end)
  table.insert(windows, 1, {
    limit = told.limit,
    reset = isAhead and told.reset or nil,
    resetAtMs = isSame and math.min(window.resetAtMs, resetAtMs) or resetAtMs,
    passed = passed,
    left = left,
    least = isSame and not isRaised and math.min(window.least, told.least) or told.least,
    since = common.issued,
  })
  windows[mostWindows + 1] = nil
  common.windows = windows
end

local function withTold(common, question)
  local isOwn = question.epoch == common.epoch
  for _, told in ipairs(question.told) do
    informed(common, told, isOwn)
  end
  local unlimited = question.unlimited
  if isOwn and unlimited then
    common.windows = kept(common.windows, function(window)
      return window.reset or unlimited < window.since
    end)
  end
end
`;
