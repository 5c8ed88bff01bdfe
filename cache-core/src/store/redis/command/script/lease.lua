-- Takes or ends a lease.
--
-- KEYS: the lease.
-- ARGV: its holder, for how many milliseconds it is taken; none: it is ended.
local holder = redis.pcall('GET', KEYS[1])
if type(holder) == 'table' then
  -- Another type: nobody's.
  holder = false
end
if holder and holder ~= ARGV[1] then
  return 0
end
if ARGV[2] then
  redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
  return 1
end
if holder then
  redis.call('DEL', KEYS[1])
end
return 1
