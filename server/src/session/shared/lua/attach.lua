-- Finds a session. KEYS: session, log, sessions, marker that it was ended. ARGV: run, hash, ttl (ms).
-- Answers with the time (µs), and if there is such a session, with its sealed name, its beginning, and the challenges it has passed.
local now = micros()
if redis.call('EXISTS', KEYS[4]) == 1 or not settle() then return {now} end
redis.call('PEXPIRE', KEYS[1], ARGV[3])
redis.call('PEXPIRE', KEYS[2], ARGV[3])
redis.call('ZADD', KEYS[3], now / 1000 + tonumber(ARGV[3]), ARGV[2])
local has = redis.call('HMGET', KEYS[1], 'name', 'began', 'passed')
return {now, has[1], has[2], has[3] or ''}
