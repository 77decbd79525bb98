/**
 * Removes a channel's subscription with all that it is owed and was told.
 *
 *   KEYS  owing, owed-times, the channel's owed, told and told-over, subscriptions
 *   ARGV  channel
 */
export const removeSubscriptionScript = `
local rows = redis.call('ZRANGE', KEYS[3], 0, -1, 'WITHSCORES')
for score = 2, #rows, 2 do
  redis.call('ZREM', KEYS[2], ARGV[1] .. ' ' .. string.format('%.0f', tonumber(rows[score])))
end
redis.call('SREM', KEYS[1], ARGV[1])
redis.call('DEL', KEYS[3], KEYS[4], KEYS[5])
return redis.call('HDEL', KEYS[6], ARGV[1])
`;
