-- Seeds several tags, one after the other; says of each its token, and whether an intent stands. Where one fails, none
-- that comes after it is touched.
--
-- KEYS: the record of the incarnation, then for each tag its token's key and its intents' key. No tag comes twice.
-- ARGV: the incarnation of the connection, then for each tag a fresh token, behind an `n` if outsiders choose how many tags
-- of its kind there are, and a `t` if not.
local keys, now, others, seeds = KEYS, present(), nil, {}
-- Keys of another type count as lost.
local found = redis.call('MGET', unpack(keys, 2))
for at = 2, #keys, 2 do
  local token, intents, fresh, is_intended = found[at - 1], found[at], ARGV[at / 2 + 1], false
  local is_narrow = string.sub(fresh, 1, 1) == 'n'
  if token and not intents and #token == 31 and string.find(token, '^[tn][0-9a-f]+@%d+$') == 1
    and string.sub(token, 18, 18) == '@' and tonumber(string.sub(token, 19)) > now then
    -- Nobody else is at the tag.
    token = string.sub(token, 2, 17)
  elseif token or intents then
    others = others or rules(now)
    local tag, texts = { token = keys[at], intents = keys[at + 1] }, { token = token, intents = intents }
    local with = { verb = 'seed', fresh = string.sub(fresh, 2), is_narrow = is_narrow }
    token, is_intended = others.change(tag, texts, with)
  else
    -- Mostly the tag is new.
    if is_narrow then
      redis.call('SET', keys[at], fresh .. '@' .. digits(now + UNUSED), 'PXAT', digits(now + UNUSED - 1))
    else
      redis.call('SET', keys[at], fresh, 'PX', KEEP)
    end
    token = string.sub(fresh, 2)
  end
  seeds[at - 1], seeds[at] = token, is_intended and 1 or 0
end
-- A token that was added in another life harms nobody, and is not told.
return refusal(keys[1], ARGV[1]) or seeds
