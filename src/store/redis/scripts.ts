/**
 * Acquires the lock. KEYS: the lock. ARGV: identifier, lease in milliseconds. A lock that this holder has already is granted again.
 *
 * Redis runs each of these scripts atomically, so that nothing changes between its reads and writes. Each must be safe to run twice,
 * because a client that lost its connection sends a command again whose answer it did not get.
 */
export const acquireScript = `
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then
  return 'taken'
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 'held'
`;

/**
 * Extends the lease. KEYS: the lock. ARGV: identifier, lease in milliseconds. An expired lock is not acquired again, because another holder
 * may have had it meanwhile.
 */
export const renewScript = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return 'gone'
end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 'held'
`;

/** Releases the lock. KEYS: the lock. ARGV: identifier. */
export const releaseScript = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return 'gone'
end
redis.call('DEL', KEYS[1])
return 'released'
`;

/**
 * Reads the tokens. KEYS: the tokens. Returns the value and a hash of its bytes, by which {@link replaceScript} recognises the value: a
 * client that decodes replies as text may not be able to send the same bytes back.
 */
export const readScript = `
local value = redis.call('GET', KEYS[1])
if not value then
  return false
end
return { value, redis.sha1hex(value) }
`;

/**
 * Saves the tokens. KEYS: the tokens, the lock. ARGV: the new value, the hash of the value that it replaces ('' for none), the identifier
 * of the holder who saves ('' for a save that may run while another has the lock).
 *
 * The refresh tokens are compared before, in the store, and not here with `cjson`. That refuses texts that JSON allows (half of a surrogate
 * pair, as in a name that was cut), and a pair that cannot be saved is lost.
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

/** Writes or clears the lock's record. KEYS: the record, the lock. ARGV: identifier, and the text; without a text the record is cleared. */
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

/** Reads the lock's record. KEYS: the record. */
export const recallScript = `
return redis.call('GET', KEYS[1])
`;

/** Deletes keys. KEYS: the keys. */
export const removeScript = `
return redis.call('DEL', unpack(KEYS))
`;
