-- Releases several tags. Where that fails, those that come later are not changed.
--
-- KEYS: the record of the incarnation, then for each tag its token's key and its intents' key. No tag comes twice.
-- ARGV: the incarnation of the connection, the writer, then for each tag:
--         t<fresh token>           it is changed
--         t<fresh token>:<life>    it is changed, and may be again: the intent stands for so many milliseconds
--         u                        it is not changed
local call, sub, keys, writer = redis.call, string.sub, KEYS, ARGV[2]
local now, others = present(), nil
-- Keys of another type count as lost.
local found = call('MGET', unpack(keys))
-- Under a tag that nobody else is at lie the intent that was placed, and what was written beside the token then: the same
-- for all tags of a write.
local start, placed, counts = writer .. '=', nil, nil
local ended, texts, ends = {}, {}, {}
for at = 2, #keys, 2 do
  local token, intents, outcome = found[at], found[at + 1], ARGV[at / 2 + 2]
  if intents and intents ~= placed and sub(intents, 1, 17) == start then
    local deadline = sub(intents, 18)
    if (tonumber(deadline) or 0) > now then
      placed, counts = intents, ':1:' .. deadline .. ':' .. deadline
    end
  end
  if token and intents and intents == placed and sub(token, -#counts) == counts and #outcome <= 17 then
    local head = sub(token, 1, -#counts - 1)
    local kept = #head == 31 and string.find(head, '^[tn]%x+@%d+$') == 1 and tonumber(sub(head, 19)) or 0
    if #head == 17 or head == 'i' or kept - 1 > now then
      ended[#ended + 1] = keys[at + 1]
      texts[at] = outcome == 'u' and head or sub(head, 1, 1) .. sub(outcome, 2) .. sub(head, 18)
      ends[at] = kept > 0 and digits(kept - 1)
    end
    if head == 'i' then
      -- Nobody was told a token.
      ended[#ended + 1], texts[at] = keys[at], ''
    end
  end
end
-- What ends intents asks for the right to write as well as the question for the record does, and for no room. Without their
-- intents tags would be blocked: it does no harm where what follows should fail.
local gone = found[1] == ARGV[1] and ended[1] and redis.pcall('DEL', unpack(ended))
if type(gone) ~= 'number' then
  local refused = gone or refusal(keys[1], ARGV[1])
  if refused then
    return refused
  end
end
for at = 2, #keys, 2 do
  if ends[at] then
    call('SET', keys[at], texts[at], 'PXAT', ends[at])
  elseif texts[at] then
    if texts[at] ~= '' then
      call('SET', keys[at], texts[at], 'PX', KEEP)
    end
  else
    others = others or rules(now)
    local fresh, life = string.match(ARGV[at / 2 + 2], '^t(%x+):?(%d*)$')
    local verb = not fresh and 'unchanged' or life == '' and 'changed' or 'unknown'
    local tag, was = { token = keys[at], intents = keys[at + 1] }, { token = found[at], intents = found[at + 1] }
    others.change(tag, was, { verb = verb, writer = writer, fresh = fresh, life = tonumber(life) })
  end
end
return 1
