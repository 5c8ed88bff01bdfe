-- Seeds several tags, one after the other; says of each its token, and whether an intent stands. Where one fails, none
-- that comes after it is touched.
--
-- KEYS: the record of the incarnation, then for each tag its token's key and its intents' key. No tag comes twice.
-- ARGV: the incarnation of the connection, then for each tag a fresh token, behind an `n` if outsiders choose how many tags
-- of its kind there are, and a `t` if not.
local keys, now, others, seeds = KEYS, present(), nil, {}
local sub, match = string.sub, string.match

-- A token that is kept for long, beside which intents stand that are all there: nothing is changed by a look.
local function is_whole(token, intents)
  local head, count, earliest = match(token, '^(t[0-9a-f]+):(%d+):(%d+):%d+$')
  return head and #head == 17 and tonumber(earliest) > now and #intents == 31 * tonumber(count) - 1
end

-- Keys of another type count as lost.
local found = redis.call('MGET', unpack(keys, 2))
for at = 2, #keys, 2 do
  local token, intents, fresh, is_intended = found[at - 1], found[at], ARGV[at / 2 + 1], false
  local is_narrow = sub(fresh, 1, 1) == 'n'
  if token and not intents and #token == 31 and match(token, '^[tn][0-9a-f]+@%d+$')
    and sub(token, 18, 18) == '@' and tonumber(sub(token, 19)) > now then
    -- Nobody else is at the tag.
    token = sub(token, 2, 17)
  elseif token and intents and is_whole(token, intents) then
    token, is_intended = sub(token, 2, 17), true
  elseif token or intents then
    others = others or rules(now)
    local tag, texts = { token = keys[at], intents = keys[at + 1] }, { token = token, intents = intents }
    token, is_intended = others.change(tag, texts, { verb = 'seed', fresh = sub(fresh, 2), is_narrow = is_narrow })
  else
    -- Mostly the tag is new.
    if is_narrow then
      redis.call('SET', keys[at], fresh .. '@' .. digits(now + UNUSED), 'PXAT', digits(now + UNUSED - 1))
    else
      redis.call('SET', keys[at], fresh, 'PX', KEEP)
    end
    token = sub(fresh, 2)
  end
  seeds[at - 1], seeds[at] = token, is_intended and 1 or 0
end
-- A token that was added in another life harms nobody, and is not told.
return refusal(keys[1], ARGV[1]) or seeds
