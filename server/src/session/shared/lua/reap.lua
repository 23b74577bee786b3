-- Closes what a lost relay had open in a session. KEYS: session, log, the relay's sessions. ARGV: run, relay, hash of the session, ttl (ms).
if redis.call('SREM', KEYS[3], ARGV[3]) == 0 then return 0 end
local seq = settle()
if not seq then return 0 end
local open, fields = {}, redis.call('HGETALL', KEYS[1])
for i = 1, #fields, 2 do
  local conn = string.match(fields[i], '^w:(%d+)$')
  if conn and fields[i + 1] == ARGV[2] then
    open[#open + 1] = conn
    redis.call('HDEL', KEYS[1], fields[i])
  end
end
redis.call('HDEL', KEYS[1], 'c:' .. ARGV[2], 'o:' .. ARGV[2], 'b:' .. ARGV[2])
if #open == 0 then return 0 end
table.sort(open, function(a, b) return tonumber(a) < tonumber(b) end)
local at = micros() - tonumber(redis.call('HGET', KEYS[1], 'began'))
redis.call('XADD', KEYS[2], string.format('%d-0', seq + 1), 'n', #open, 'lost', table.concat(open, ','), 'at', string.format('%d', at))
redis.call('HSET', KEYS[1], 'seq', seq + #open)
redis.call('HINCRBY', KEYS[1], 'kept', #open)
redis.call('PEXPIRE', KEYS[2], ARGV[4])
return #open
