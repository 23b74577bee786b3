-- Removes a session that has ended. KEYS: session, log, sessions. ARGV: run, hash.
redis.call('DEL', KEYS[1], KEYS[2])
redis.call('ZREM', KEYS[3], ARGV[2])
return 'ok'
