-- Seeds several tags, one after the other; says of each its token, and whether an intent stands. Where one fails, none
-- that comes after it is touched.
--
-- KEYS: the record of the incarnation, then for each tag its token's key and its intents' key. No tag comes twice.
-- ARGV: the incarnation of the connection, then for each tag a fresh token.
local keys, others, seeds = KEYS, nil, {}
-- Keys of another type count as lost.
local found = redis.call('MGET', unpack(keys, 2))
for at = 2, #keys, 2 do
  local token, intents, fresh, is_intended = found[at - 1], found[at], ARGV[at / 2 + 1], false
  if token or intents then
    others = others or rules(present())
    local tag, texts = { token = keys[at], intents = keys[at + 1] }, { token = token, intents = intents }
    token, is_intended = others.change(tag, texts, { verb = 'seed', fresh = fresh })
  else
    -- Mostly the tag is new.
    redis.call('SET', keys[at], 't' .. fresh, 'PX', KEEP)
    token = fresh
  end
  seeds[at - 1], seeds[at] = token, is_intended and 1 or 0
end
-- A token that was added in another life harms nobody, and is not told.
return refusal(keys[1], ARGV[1]) or seeds
