-- Places an intent beside each of several tags, one after the other. Where one fails, none that comes after it is touched.
--
-- KEYS: the record of the incarnation, then for each tag its token's key and its intents' key. No tag comes twice.
-- ARGV: the incarnation of the connection, the writer, the life of the intents in milliseconds, and a fresh stamp if some of
--       the tags are steady.
local refused = refusal(KEYS[1], ARGV[1])
if refused then
  return refused
end
if ARGV[4] then
  renew_stamp(KEYS[1], ARGV[4])
end
local call, sub, keys, writer, life = redis.call, string.sub, KEYS, ARGV[2], tonumber(ARGV[3])
local now, others = present(), nil
local deadline, expires = digits(now + life), digits(now + life - 1)
local intent, counts = writer .. '=' .. deadline, ':1:' .. deadline .. ':' .. deadline
-- Keys of another type count as lost.
local found = call('MGET', unpack(keys, 2))
for at = 2, #keys, 2 do
  local token, intents = found[at - 1], found[at]
  -- A token that is kept for long, one that is not and lives, or none.
  local is_usual = not token or #token == 17 and sub(token, 1, 1) == 't'
    or #token == 31 and string.find(token, '^[tn]%x+@%d+$') == 1 and tonumber(sub(token, 19)) > now
  if is_usual and not intents and life > 1 then
    -- Mostly nobody else is at the tag.
    call('SET', keys[at], (token or 'i') .. counts, 'PXAT', expires)
    call('SET', keys[at + 1], intent, 'PXAT', expires)
  else
    others = others or rules(now)
    local tag, texts = { token = keys[at], intents = keys[at + 1] }, { token = token, intents = intents }
    others.change(tag, texts, { verb = 'place', writer = writer, life = life })
  end
end
return 1
