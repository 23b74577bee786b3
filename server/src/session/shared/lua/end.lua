-- Ends a session for all relays: nobody finds it any more, and each relay ends its part. KEYS: session, marker that it was ended, relays.
-- ARGV: run, prefix, the message.
redis.call('SET', KEYS[2], 1, 'EX', 600)
for _, relay in ipairs(redis.call('ZRANGE', KEYS[3], 0, -1)) do
  local inbox = ARGV[2] .. ':in:' .. relay
  redis.call('XADD', inbox, 'MAXLEN', '~', 4096, '*', 'm', ARGV[3])
  redis.call('EXPIRE', inbox, 60)
end
return 'ok'
