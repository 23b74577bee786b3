-- Creates a session. KEYS: session, sessions, sessions of the client. ARGV: run, hash, sealed name, ttl (ms), most sessions, most of
-- this client (-1 for no limit), prefix.
-- Answers with a status and the time (µs).
local session, sessions, own = KEYS[1], KEYS[2], KEYS[3]
local now = micros()
local ttl = tonumber(ARGV[4])
redis.call('ZREMRANGEBYSCORE', sessions, '-inf', now / 1000)
local most = tonumber(ARGV[6])
if most >= 0 then
  local mine, unused = 0, nil
  for _, hash in ipairs(redis.call('ZRANGE', own, 0, -1)) do
    if redis.call('ZSCORE', sessions, hash) then
      mine = mine + 1
      local key = ARGV[7] .. ':s:' .. hash
      if not unused and redis.call('HEXISTS', key, 'used') == 0 then unused = hash end
    else
      redis.call('ZREM', own, hash)
    end
  end
  if mine >= most then
    if not unused then return {'client', now} end
    redis.call('DEL', ARGV[7] .. ':s:' .. unused, ARGV[7] .. ':l:' .. unused)
    redis.call('ZREM', own, unused)
    redis.call('ZREM', sessions, unused)
  end
end
if redis.call('ZCARD', sessions) >= tonumber(ARGV[5]) then return {'full', now} end
redis.call('HSET', session, 'run', ARGV[1], 'seq', 0, 'conn', 0, 'name', ARGV[3], 'began', string.format('%d', now))
redis.call('PEXPIRE', session, ttl)
redis.call('ZADD', sessions, now / 1000 + ttl, ARGV[2])
redis.call('ZADD', own, now / 1000, ARGV[2])
redis.call('PEXPIRE', own, math.max(ttl, 86400000))
return {'ok', now}
