-- Gives the server a stamp, if its record has none.
--
-- KEYS: the record of the incarnation.
-- ARGV: the incarnation of the connection, a fresh stamp.
local refused = refusal(KEYS[1], ARGV[1])
if refused then
  return refused
end
if read(KEYS[1]) == ARGV[1] then
  redis.call('SET', KEYS[1], ARGV[1] .. '#' .. ARGV[2])
end
return 1
