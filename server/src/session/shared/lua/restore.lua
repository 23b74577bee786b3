-- Brings back a session that Redis has lost. KEYS: session, log, sessions, marker that it was ended. ARGV: run, hash, ttl (ms), sealed name,
-- beginning (µs), the last number and connection that the relay knows, the challenges passed, the version of the rules, the sealed rules.
local function rules()
  if tonumber(redis.call('HGET', KEYS[1], 'rv') or 0) < tonumber(ARGV[9]) then
    redis.call('HSET', KEYS[1], 'rv', ARGV[9], 'rules', ARGV[10])
  end
end
if redis.call('EXISTS', KEYS[4]) == 1 then return 'ended' end
local seq = settle()
local last, connection = leap(ARGV[6], ARGV[7], ARGV[5])
if seq then
  -- Another relay has brought it back, and may have known less.
  if seq < tonumber(ARGV[6]) then redis.call('HSET', KEYS[1], 'seq', last) end
  if tonumber(redis.call('HGET', KEYS[1], 'conn')) < tonumber(ARGV[7]) then redis.call('HSET', KEYS[1], 'conn', connection) end
  rules()
  return 'ok'
end
redis.call('DEL', KEYS[2])
redis.call('HSET', KEYS[1], 'run', ARGV[1], 'seq', last, 'conn', connection, 'name', ARGV[4],
  'began', ARGV[5], 'passed', ARGV[8], 'used', 1)
rules()
redis.call('PEXPIRE', KEYS[1], ARGV[3])
redis.call('ZADD', KEYS[3], micros() / 1000 + tonumber(ARGV[3]), ARGV[2])
return 'ok'
