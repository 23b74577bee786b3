-- A relay is still there. KEYS: site, relays, lost relays, marker that this relay is lost. ARGV: run, relay, lease (ms), prefix.
-- Answers with a status, the time (µs), and the relays whose connections have to be closed in the logs.
local site, relays, lost = KEYS[1], KEYS[2], KEYS[3]
local lease = tonumber(ARGV[3])
local now_us = micros()
local now = now_us / 1000
if redis.call('EXISTS', KEYS[4]) == 1 then return {'lost', now_us} end
local before = tonumber(redis.call('HGET', site, 'beat') or now)
redis.call('HSET', site, 'beat', now)
if now - before > lease / 2 then
  -- No relay came through for a while, so Redis was away and not they.
  for _, relay in ipairs(redis.call('ZRANGE', relays, 0, -1)) do redis.call('ZADD', relays, now + lease, relay) end
end
redis.call('ZADD', relays, now + lease, ARGV[2])
for _, relay in ipairs(redis.call('ZRANGEBYSCORE', relays, '-inf', now)) do
  redis.call('ZREM', relays, relay)
  redis.call('SET', ARGV[4] .. ':gone:' .. relay, 1, 'EX', 86400)
  redis.call('SADD', lost, relay)
end
local answer = {'ok', now_us}
for _, relay in ipairs(redis.call('SMEMBERS', lost)) do answer[#answer + 1] = relay end
return answer
