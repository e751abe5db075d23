/** In Lua how the state lies in its hash. What it does not understand is somebody else's. */
export const membersLua = `
local function commonIn(text)
  local isJson, common = pcall(cjson.decode, text)
  if not isJson or type(common) ~= 'table' or type(common.epoch) ~= 'string' then
    error('FOREIGN')
  end
  return common
end

local function fieldOf(name)
  return 'member:' .. name
end

local function textOf(member, reply)
  return table.concat({ member.held, member.number, member.turn, member.dueMs, reply }, ' ')
end

local function memberIn(text)
  local held, number, turn, dueMs, reply = string.match(text, '^(%d+) (%d+) (%d+) (%d+) (.+)$')
  if not reply then
    error('FOREIGN')
  end
  return {
    held = tonumber(held),
    number = tonumber(number),
    turn = tonumber(turn),
    dueMs = tonumber(dueMs),
    reply = reply,
  }
end

local function membersOf()
  local members = {}
  local fields = redis.call('HGETALL', stateKey)
  for index = 1, #fields, 2 do
    local name = string.match(fields[index], '^member:(.*)$')
    if name then
      members[name] = memberIn(fields[index + 1])
    end
  end
  return members
end
`;
