-- Sends a command to the relay that has a connection. KEYS: session, relays. ARGV: run, prefix, connection, the message.
-- Answers with 0 if no relay has it.
local relay = redis.call('HGET', KEYS[1], 'w:' .. ARGV[3])
if not relay or not redis.call('ZSCORE', KEYS[2], relay) then return 0 end
local inbox = ARGV[2] .. ':in:' .. relay
redis.call('XADD', inbox, 'MAXLEN', '~', 4096, '*', 'm', ARGV[4])
redis.call('EXPIRE', inbox, 60)
return 1
