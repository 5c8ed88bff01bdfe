-- Compares the incarnation for a new connection; if it is another one, changes the root tag and records it, with a new stamp.
--
-- KEYS: the record of the incarnation, the root's token, its intents.
-- ARGV: the present incarnation, a fresh token.
local record, trouble = recorded(KEYS[1])
if trouble then
  return trouble
end
if ARGV[1] ~= '' and is_of(record, ARGV[1]) then
  return 'proceed'
end
local found = redis.call('MGET', KEYS[2], KEYS[3])
local root, texts = { token = KEYS[2], intents = KEYS[3] }, { token = found[1], intents = found[2] }
rules(present()).change(root, texts, { verb = 'changed', writer = '', fresh = ARGV[2] })
redis.call('SET', KEYS[1], ARGV[1] .. '#' .. ARGV[2])
return 'changed'
