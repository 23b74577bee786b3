-- The next connection or turn. KEYS: session. ARGV: run, `conn` or `turn`. Answers with 0 if there is no such session.
if not settle() then return 0 end
return redis.call('HINCRBY', KEYS[1], ARGV[2], 1)
