-- How many of a client, or of a session, this relay has. KEYS: the client or session. ARGV: run, relay, connections, observers.
if redis.call('EXISTS', KEYS[1]) == 0 then return 'gone' end
redis.call('HSET', KEYS[1], 'c:' .. ARGV[2], ARGV[3], 'o:' .. ARGV[2], ARGV[4])
return 'ok'
