/**
 * What the scripts share that change what is owed: one row in all three places. KEYS[1] is owing and KEYS[2] owed-times
 * in each of them. Positions and times stay the strings they came as. A row begins with its positions, so that what
 * begins otherwise than `start` is another message.
 */
export const owedRows = `
local function isOwed(key, position, start)
  local row = redis.call('ZRANGEBYSCORE', key, position, position)[1]
  return row and string.sub(row, 1, #start) == start
end
local function take(key, channel, position)
  redis.call('ZREMRANGEBYSCORE', key, position, position)
  redis.call('ZREM', KEYS[2], channel .. ' ' .. position)
  if redis.call('EXISTS', key) == 0 then redis.call('SREM', KEYS[1], channel) end
end
local function put(key, channel, position, owedAt, row)
  redis.call('ZREMRANGEBYSCORE', key, position, position)
  redis.call('ZADD', key, position, row)
  redis.call('ZADD', KEYS[2], owedAt, channel .. ' ' .. position)
  redis.call('SADD', KEYS[1], channel)
end
`;
