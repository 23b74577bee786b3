-- A relay uses a session. KEYS: session, log, sessions, the relay's sessions. ARGV: run, hash, ttl (ms), relay, its connections and observers in
-- the session, its open connections. Answers with the version of the rules, or `gone`.
if not settle() then return 'gone' end
redis.call('PEXPIRE', KEYS[1], ARGV[3])
redis.call('PEXPIRE', KEYS[2], ARGV[3])
redis.call('ZADD', KEYS[3], micros() / 1000 + tonumber(ARGV[3]), ARGV[2])
redis.call('HSET', KEYS[1], 'c:' .. ARGV[4], ARGV[5], 'o:' .. ARGV[4], ARGV[6])
each(ARGV[7], function(conn)
  redis.call('HSETNX', KEYS[1], 'w:' .. conn, ARGV[4])
  redis.call('SADD', KEYS[4], ARGV[2])
end)
redis.call('EXPIRE', KEYS[4], 86400)
return redis.call('HGET', KEYS[1], 'rv') or '0'
