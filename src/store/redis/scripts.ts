/**
 * Redis runs a script as one step, so that what it has looked at is still so when it writes. Each may run twice: a client that lost the
 * connection sends a command again whose first answer it never saw.
 *
 * KEYS: the lock. ARGV: identifier, lease in milliseconds. One's own lock is granted again.
 */
export const acquireScript = `
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then
  return 'taken'
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 'held'
`;

/** KEYS: the lock. ARGV: identifier, lease in milliseconds. A lock that has run out is not taken anew: others may have had it. */
export const renewScript = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return 'gone'
end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 'held'
`;

/** KEYS: the lock. ARGV: identifier. */
export const releaseScript = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return 'gone'
end
redis.call('DEL', KEYS[1])
return 'released'
`;

/**
 * KEYS: the tokens. The value, and a hash that stands for it in {@link replaceScript}: over its bytes, which a client that reads text may
 * not be able to give back.
 */
export const readScript = `
local value = redis.call('GET', KEYS[1])
if not value then
  return false
end
return { value, redis.sha1hex(value) }
`;

/**
 * KEYS: the tokens, the lock. ARGV: the new value, the hash of the value that it replaces ('' for none), the identifier of the holder who
 * saves ('' if nobody holds the lock here).
 *
 * The comparison of refresh tokens is made before, on what {@link readScript} gave, and not here with `cjson`, which refuses texts that
 * JSON allows (half of a surrogate pair, in a name that somebody has cut): a pair that can't be saved is lost.
 */
export const replaceScript = `
local value = redis.call('GET', KEYS[1])
if value == ARGV[1] then
  return 'saved'
end
local holder = redis.call('GET', KEYS[2])
if ARGV[3] ~= '' and holder and holder ~= ARGV[3] then
  return 'fenced'
end
local hash = value and redis.sha1hex(value) or ''
if hash ~= ARGV[2] then
  return 'changed'
end
redis.call('SET', KEYS[1], ARGV[1])
return 'saved'
`;

/** KEYS: the record, the lock. ARGV: identifier, and the text, if there is one. */
export const noteScript = `
if redis.call('GET', KEYS[2]) ~= ARGV[1] then
  return 'gone'
end
if ARGV[2] then
  redis.call('SET', KEYS[1], ARGV[2])
else
  redis.call('DEL', KEYS[1])
end
return 'written'
`;

/** KEYS: the record. */
export const recallScript = `
return redis.call('GET', KEYS[1])
`;

/** KEYS: what is deleted. */
export const removeScript = `
return redis.call('DEL', unpack(KEYS))
`;
