/**
 * Writes one commit, all or nothing, once.
 *
 * KEYS head, states, events, records, health, incidents, incident ends, then the day of each row
 * ARGV holder, epoch, version, number of states, of events and of records, health ('': unchanged),
 *      (country, state) of each state, each event, (country, record) of each record,
 *      (offset in the day, row, ms until the day expires) of each row
 * ->   'fenced': holder and epoch are not the present lease's, or version is not the next one; nothing written
 *      'duplicate': this lease has committed this version; nothing written
 *      'committed'
 *
 * The present lease may have expired: as long as no other process took it, no other process has written. A day that
 * does not reach a row's offset is filled up with absent rows (0xFF), because Redis itself would fill with zeros. Events
 * that an older program wrote are not among the incidents yet: the next commit enters them, a thousand at a time.
 * `over` is isOver() of core/incidents; test/edges/store/contract.ts, "an incident is over by the events that isOver
 * names", holds the two to the same answer.
 */
export const commitScript = `
local head = redis.call('HMGET', KEYS[1], 'holder', 'epoch', 'version', 'base', 'end', 'indexed')
local version, base, last = tonumber(head[3] or 0), tonumber(head[4] or 0), tonumber(head[5] or 0)
local wanted = tonumber(ARGV[3])
if head[1] ~= ARGV[1] or head[2] ~= ARGV[2] then return 'fenced' end
if wanted > base and wanted <= version then return 'duplicate' end
if wanted ~= version + 1 then return 'fenced' end

local function position(n) return string.format('%.0f-0', n) end
local function enter(text)
  local event = cjson.decode(text)
  if type(event.incident) ~= 'string' then return end
  local over = event.kind == 'restored' or event.kind == 'new-normal'
  redis.call('HSET', KEYS[6], event.incident, text)
  redis.call('ZADD', KEYS[7], over and string.format('%.0f', event.at) or '+inf', event.incident)
end
for first = tonumber(head[6] or 0) + 1, last, 1000 do
  local entries = redis.call('XRANGE', KEYS[3], position(first), position(math.min(first + 999, last)))
  for _, entry in ipairs(entries) do enter(entry[2][2]) end
end

local arg = 8
for _ = 1, tonumber(ARGV[4]) do
  redis.call('HSET', KEYS[2], ARGV[arg], ARGV[arg + 1])
  arg = arg + 2
end
for _ = 1, tonumber(ARGV[5]) do
  last = last + 1
  redis.call('XADD', KEYS[3], position(last), 'event', ARGV[arg])
  enter(ARGV[arg])
  arg = arg + 1
end
for _ = 1, tonumber(ARGV[6]) do
  redis.call('HSET', KEYS[4], ARGV[arg], ARGV[arg + 1])
  arg = arg + 2
end
if ARGV[7] ~= '' then redis.call('SET', KEYS[5], ARGV[7]) end
for key = 8, #KEYS do
  local offset, length = tonumber(ARGV[arg]), redis.call('STRLEN', KEYS[key])
  if offset > length then redis.call('APPEND', KEYS[key], string.rep('\\255', offset - length)) end
  redis.call('SETRANGE', KEYS[key], offset, ARGV[arg + 1])
  if length == 0 then redis.call('PEXPIRE', KEYS[key], ARGV[arg + 2]) end
  arg = arg + 3
end
local ended = string.format('%.0f', last)
redis.call('HSET', KEYS[1], 'version', ARGV[3], 'end', ended, 'indexed', ended)
return 'committed'
`;
