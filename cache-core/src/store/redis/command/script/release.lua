-- Releases several tags. Where that fails, those that come later are not changed.
--
-- KEYS: the record of the incarnation, then for each tag its token's key and its intents' key. No tag comes twice.
-- ARGV: the incarnation of the connection, the writer, then for each tag:
--         t<fresh token>           it is changed
--         t<fresh token>:<life>    it is changed, and may be again: the intent stands for so many milliseconds
--         o:<life>                 it is open: nothing is kept under it for so many milliseconds
--         t<fresh token>=<token>   it is changed, and is asked whether it held this token until then
--         u                        it is not changed
--       and a fresh stamp, if some of those that are changed are steady.
--
-- Says for each tag that is asked whether it did (1) or not (0); without any, 1.
--
-- The question for the record asks for the right to write, and for no room: a server that is full takes releases.
local refused = refusal(KEYS[1], ARGV[1])
if refused then
  return refused
end
if #ARGV > (#KEYS + 3) / 2 then
  renew_stamp(KEYS[1], ARGV[#ARGV])
end
local call, sub, keys, writer, others, answers = redis.call, string.sub, KEYS, ARGV[2], nil, nil
-- Keys of another type count as lost.
local found = call('MGET', unpack(keys, 2))
for at = 2, #keys, 2 do
  local token, intents, outcome, held, was = found[at - 1], found[at], ARGV[at / 2 + 2], nil, nil
  if #outcome == 34 and sub(outcome, 18, 18) == '=' then
    held, outcome = sub(outcome, 19), sub(outcome, 1, 17)
  end
  local is_long = token and #token == 17 and sub(token, 1, 1) == 't'
  local is_kept = token and #token == 31 and string.find(token, '^[tn][0-9a-f]+@%d+$') == 1 and sub(token, 18, 18) == '@'
  local is_open = sub(outcome, 1, 1) == 'o'
  if intents or is_open or #outcome > 17 or token and not is_long and not is_kept then
    others = others or rules(present())
    local fresh, life = string.match(outcome, '^[ot](%x*):?(%d*)$')
    local verb = is_open and 'open' or not fresh and 'unchanged' or life == '' and 'changed' or 'unknown'
    local tag, texts = { token = keys[at], intents = keys[at + 1] }, { token = token, intents = intents }
    was = select(3, others.change(tag, texts, { verb = verb, writer = writer, fresh = fresh, life = tonumber(life) }))
  -- Mostly nobody is at the tag. Where it has no token, nobody was told one.
  elseif is_long and outcome ~= 'u' then
    was = held and sub(token, 2)
    call('SET', keys[at], outcome, 'PX', KEEP)
  elseif is_kept and outcome ~= 'u' then
    was = held and tonumber(sub(token, 19)) > present() and sub(token, 2, 17)
    local text = sub(token, 1, 1) .. sub(outcome, 2) .. sub(token, 18)
    call('SET', keys[at], text, 'PXAT', digits(tonumber(sub(token, 19)) - 1))
  end
  if held then
    answers = answers or {}
    answers[#answers + 1] = was == held and 1 or 0
  end
end
return answers or 1
