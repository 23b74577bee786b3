-- Appends a batch of records. KEYS: session, log, marker that the relay is lost, the relay's sessions. ARGV: run, relay, hash, number of
-- the batch, the run that got it before (empty if it is new), how many observations were dropped before it, how many it has, the
-- sealed records, connections opened, connections closed, a challenge passed, most observations, most bytes, ttl (ms).
-- Answers with a status and the last number.
local s, l, relay, no = KEYS[1], KEYS[2], ARGV[2], tonumber(ARGV[4])
if redis.call('EXISTS', KEYS[3]) == 1 then return {'lost', 0} end
local seq = settle()
if not seq then return {'gone', 0} end
-- A stalled connection may deliver a batch late, after the same or a later one came on another connection.
local done = redis.call('HGET', s, 'b:' .. relay)
if done and tonumber(done) >= no then return {'ok', seq} end
local count, data = tonumber(ARGV[7]), ARGV[8]
local has_leapt = seq % LEAP == LEAP - 1
-- The session has lost its data in this run, and another relay has brought it back.
local has_forgotten = not done and no > 1
if ARGV[5] ~= '' and (ARGV[5] ~= ARGV[1] or has_forgotten) then
  -- It may have been appended before the loss, and observers may have seen it there. It is part of what the leap leaves out.
  count = 0
elseif not has_leapt then
  seq = seq + tonumber(ARGV[6])
end
if count > 0 then
  redis.call('XADD', l, string.format('%d-0', seq + 1), 'n', count, 'd', data)
  seq = seq + count
end
redis.call('HSET', s, 'seq', seq, 'b:' .. relay, no)
each(ARGV[9], function(conn)
  redis.call('HSET', s, 'w:' .. conn, relay)
  redis.call('SADD', KEYS[4], ARGV[3])
end)
redis.call('EXPIRE', KEYS[4], 86400)
each(ARGV[10], function(conn) redis.call('HDEL', s, 'w:' .. conn) end)
each(ARGV[11], function(challenge)
  local passed = redis.call('HGET', s, 'passed') or ''
  redis.call('HSET', s, 'passed', passed .. ',' .. challenge)
  redis.call('XADD', l, string.format('%d-*', seq), 'n', 0, 'p', challenge)
end)
if count > 0 then
  local kept, bytes = redis.call('HINCRBY', s, 'kept', count), redis.call('HINCRBY', s, 'bytes', #data)
  while kept > tonumber(ARGV[12]) or bytes > tonumber(ARGV[13]) do
    local oldest = redis.call('XRANGE', l, '-', '+', 'COUNT', 2)
    -- The newest always stays.
    if #oldest < 2 then break end
    local fields = oldest[1][2]
    redis.call('XDEL', l, oldest[1][1])
    kept = redis.call('HINCRBY', s, 'kept', -tonumber(fields[2]))
    if fields[3] == 'd' then bytes = redis.call('HINCRBY', s, 'bytes', -#fields[4]) end
  end
end
redis.call('PEXPIRE', s, ARGV[14])
redis.call('PEXPIRE', l, ARGV[14])
return {'ok', seq}
