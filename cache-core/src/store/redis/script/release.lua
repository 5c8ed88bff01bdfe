-- Releases several tags, one after the other. Where one fails, none that comes after it is touched.
--
-- KEYS: the record of the incarnation, then for each tag its token's key and its intents' key. No tag comes twice.
-- ARGV: the incarnation of the connection, the writer, then for each tag:
--         t<fresh token>           it is changed
--         t<fresh token>:<life>    it is changed, and may be again: the intent stands for so many milliseconds
--         u                        it is not changed
local refused = refusal(KEYS[1], ARGV[1])
if refused then
  return refused
end
local call, sub, keys, writer = redis.call, string.sub, KEYS, ARGV[2]
local now, others = present(), nil
-- Under a tag that nobody else is at lie the intent that was placed, and what was written beside the token then: the same
-- for all tags of a write.
local start, placed, counts = writer .. '=', nil, nil
local ended, count = {}, 0
-- Keys of another type count as lost.
local found = call('MGET', unpack(keys, 2))
for at = 2, #keys, 2 do
  local token, intents, outcome = found[at - 1], found[at], ARGV[at / 2 + 2]
  if intents and intents ~= placed and sub(intents, 1, 17) == start then
    local deadline = sub(intents, 18)
    if (tonumber(deadline) or 0) > now then
      placed, counts = intents, ':1:' .. deadline .. ':' .. deadline
    end
  end
  if token and intents and intents == placed and sub(token, 18) == counts and #outcome <= 17 then
    call('SET', keys[at], outcome == 'u' and sub(token, 1, 17) or outcome, 'PX', KEEP)
    count = count + 1
    ended[count] = keys[at + 1]
  else
    others = others or rules(now)
    local tag, texts = { token = keys[at], intents = keys[at + 1] }, { token = token, intents = intents }
    local fresh, life = string.match(outcome, '^t(%x+):?(%d*)$')
    local verb = not fresh and 'unchanged' or life == '' and 'changed' or 'unknown'
    others.change(tag, texts, { verb = verb, writer = writer, fresh = fresh, life = tonumber(life) })
  end
end
if count > 0 then
  call('DEL', unpack(ended))
end
return 1
