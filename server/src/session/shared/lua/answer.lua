-- Sends a message to a relay, if it is still there. KEYS: relays, the inbox. ARGV: run, relay, the message.
if not redis.call('ZSCORE', KEYS[1], ARGV[2]) then return 0 end
redis.call('XADD', KEYS[2], 'MAXLEN', '~', 4096, '*', 'm', ARGV[3])
redis.call('EXPIRE', KEYS[2], 60)
return 1
