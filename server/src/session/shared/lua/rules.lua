-- Sets the rules of a session, and tells all relays. KEYS: session, relays. ARGV: run, prefix, the version that they replace, the sealed
-- rules, the message. Answers with a status and the version: another relay may have changed the rules meanwhile.
if not settle() then return {'gone', 0} end
local version = tonumber(redis.call('HGET', KEYS[1], 'rv') or 0)
if version ~= tonumber(ARGV[3]) then return {'changed', version} end
redis.call('HSET', KEYS[1], 'rv', version + 1, 'rules', ARGV[4])
for _, relay in ipairs(redis.call('ZRANGE', KEYS[2], 0, -1)) do
  local inbox = ARGV[2] .. ':in:' .. relay
  redis.call('XADD', inbox, 'MAXLEN', '~', 4096, '*', 'm', ARGV[5])
  redis.call('EXPIRE', inbox, 60)
end
return {'ok', version + 1}
