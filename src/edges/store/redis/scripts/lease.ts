/**
 * Takes the lease.
 *
 *   KEYS  head, lease
 *   ARGV  holder, ms
 *   -> the new epoch; nil while another holder's lease lives
 *
 * The same holder gets a new epoch: it asks again only when it does not know that it has the lease.
 */
export const acquireScript = `
local owner = redis.call('GET', KEYS[2])
if owner and owner ~= ARGV[1] then return false end
redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[2])
redis.call('HSET', KEYS[1], 'holder', ARGV[1], 'base', redis.call('HGET', KEYS[1], 'version') or '0')
return redis.call('HINCRBY', KEYS[1], 'epoch', 1)
`;

/**
 * Prolongs the lease, also after it has expired if nobody has taken it since.
 *
 *   KEYS  head, lease
 *   ARGV  holder, epoch, ms
 *   -> 1; 0 if it is another's
 */
export const renewScript = `
local head = redis.call('HMGET', KEYS[1], 'holder', 'epoch')
if head[1] ~= ARGV[1] or head[2] ~= ARGV[2] then return 0 end
redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[3])
return 1
`;

/**
 * Gives the lease back; nothing happens if it is another's.
 *
 *   KEYS  head, lease
 *   ARGV  holder, epoch
 */
export const releaseScript = `
local head = redis.call('HMGET', KEYS[1], 'holder', 'epoch')
if head[1] ~= ARGV[1] or head[2] ~= ARGV[2] then return 0 end
redis.call('HDEL', KEYS[1], 'holder')
return redis.call('DEL', KEYS[2])
`;
