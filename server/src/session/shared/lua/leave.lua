-- A relay leaves, or all sessions of a lost one are settled. KEYS: relays, lost relays, the relay's sessions, its inbox. ARGV: run, relay.
redis.call('ZREM', KEYS[1], ARGV[2])
redis.call('SREM', KEYS[2], ARGV[2])
redis.call('DEL', KEYS[3], KEYS[4])
return 'ok'
