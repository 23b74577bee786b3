-- Put before every script that numbers something. KEYS[1] is the session, ARGV[1] the run of the Redis process.
local LEAP, CONNECTIONS = 1048576, 100
local function micros()
  local time = redis.call('TIME')
  return tonumber(time[1]) * 1000000 + tonumber(time[2])
end
-- The last number and connection before new ones, when those in `seq` and `conn` are the highest that are known and some may be lost.
-- Two losses that follow each other may leave the same highest ones. So the new ones depend on the age of the session too, and no
-- number comes twice: no session has 16 observations in a microsecond. Connections have only 9990 leaps below a million, so theirs
-- depend on the last 10 ms of the last 99.9 s. A relay that knows of a connection from before that has told the others by now.
local function leap(seq, conn, began)
  local age = math.max(micros() - tonumber(began), 0)
  seq = math.max(math.floor(tonumber(seq) / LEAP), math.floor(age * 16 / LEAP))
  conn = math.max(math.floor(tonumber(conn) / CONNECTIONS), math.floor(age / 10000) % 9990)
  return (seq + 1) * LEAP - 1, (conn + 1) * CONNECTIONS
end
-- The number of the last observation, or nil if there is no such session. Another run of Redis may have lost the last numbers. They
-- must never be used again, so numbers leap.
local function settle()
  local has = redis.call('HMGET', KEYS[1], 'run', 'seq', 'conn', 'began')
  if not has[1] then return nil end
  if has[1] == ARGV[1] then return tonumber(has[2]) end
  local seq, conn = leap(has[2], has[3], has[4])
  redis.call('HSET', KEYS[1], 'run', ARGV[1], 'seq', seq, 'conn', conn)
  return seq
end
local function each(list, act)
  for item in string.gmatch(list, '[^,]+') do act(item) end
end
