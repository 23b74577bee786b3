-- Somebody enters a session. KEYS: session, relays, client. ARGV: run, relay, `c` for a connection or `o` for an observer, how many this
-- relay has in the session with this one, the limit, how many it has of the client, the client's limit (-1 for none).
if not settle() then return 'gone' end
local function elsewhere(key)
  local sum, fields = 0, redis.call('HGETALL', key)
  for i = 1, #fields, 2 do
    local role, relay = string.match(fields[i], '^([co]):(%x+)$')
    if role == ARGV[3] and relay ~= ARGV[2] and redis.call('ZSCORE', KEYS[2], relay) then sum = sum + tonumber(fields[i + 1]) end
  end
  return sum
end
if elsewhere(KEYS[1]) + tonumber(ARGV[4]) > tonumber(ARGV[5]) then return 'full' end
if tonumber(ARGV[7]) >= 0 then
  local others = elsewhere(KEYS[3])
  if others + tonumber(ARGV[6]) > tonumber(ARGV[7]) then return 'client' end
  redis.call('HSET', KEYS[3], ARGV[3] .. ':' .. ARGV[2], ARGV[6])
  redis.call('EXPIRE', KEYS[3], 86400)
end
redis.call('HSET', KEYS[1], ARGV[3] .. ':' .. ARGV[2], ARGV[4])
if ARGV[3] == 'c' then redis.call('HSET', KEYS[1], 'used', 1) end
return 'ok'
