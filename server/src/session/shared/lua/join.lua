-- A relay joins the site. KEYS: site, relays. ARGV: run, relay, lease (ms), format, key, version, course.
-- Answers with a status, the time (µs), a slot, and what the site has.
local site, relays = KEYS[1], KEYS[2]
local now = micros()
if redis.call('ZCOUNT', relays, '(' .. now / 1000, '+inf') == 0 then
  -- Nobody is here, so this relay decides.
  redis.call('HSET', site, 'format', ARGV[4], 'key', ARGV[5])
  redis.call('HSET', site, 'course:' .. ARGV[6], ARGV[7])
end
local has = redis.call('HMGET', site, 'format', 'key', 'course:' .. ARGV[6])
if has[1] and has[1] ~= ARGV[4] then return {'format', now, 0, has[1]} end
if has[2] and has[2] ~= ARGV[5] then return {'key', now, 0, has[2]} end
if has[3] and has[3] ~= ARGV[7] then return {'course', now, 0, has[3]} end
redis.call('HSET', site, 'format', ARGV[4], 'key', ARGV[5], 'course:' .. ARGV[6], ARGV[7])
redis.call('ZADD', relays, now / 1000 + tonumber(ARGV[3]), ARGV[2])
-- A Redis that has lost its data does not know which slots are in use, so it begins anywhere.
redis.call('HSETNX', site, 'slots', string.format('%d', now / 1000 % 4000))
return {'ok', now, redis.call('HINCRBY', site, 'slots', 1), ''}
