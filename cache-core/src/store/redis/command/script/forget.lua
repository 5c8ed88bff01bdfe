-- Removes entries, and has those told who listen for tokens: each entry has the name of a token that is told of like any
-- other, and under which nothing is kept.
--
-- KEYS: the record of the incarnation, then for each entry its key and that of the token.
-- ARGV: the incarnation of the connection.
local refused = refusal(KEYS[1], ARGV[1])
if refused then
  return refused
end
for at = 2, #KEYS, 2 do
  redis.call('UNLINK', KEYS[at])
  -- Only what was there is told of when it goes.
  redis.call('SET', KEYS[at + 1], '', 'PX', 1000)
  redis.call('UNLINK', KEYS[at + 1])
end
return 1
