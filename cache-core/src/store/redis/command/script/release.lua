-- Releases several tags. Where that fails, those that come later are not changed.
--
-- KEYS: the record of the incarnation, then for each tag its token's key and its intents' key. No tag comes twice.
-- ARGV: the incarnation of the connection, the writer, then for each tag:
--         t<fresh token>           it is changed
--         t<fresh token>:<life>    it is changed, and may be again: the intent stands for so many milliseconds
--         o:<life>                 it is open: nothing is kept under it for so many milliseconds
--         u                        it is not changed
--
-- The question for the record asks for the right to write, and for no room: a server that is full takes releases.
local refused = refusal(KEYS[1], ARGV[1])
if refused then
  return refused
end
local call, sub, keys, writer, others = redis.call, string.sub, KEYS, ARGV[2], nil
-- Keys of another type count as lost.
local found = call('MGET', unpack(keys, 2))
for at = 2, #keys, 2 do
  local token, intents, outcome = found[at - 1], found[at], ARGV[at / 2 + 2]
  local is_long = token and #token == 17 and sub(token, 1, 1) == 't'
  local is_kept = token and #token == 31 and string.find(token, '^[tn][0-9a-f]+@%d+$') == 1 and sub(token, 18, 18) == '@'
  local is_open = sub(outcome, 1, 1) == 'o'
  if intents or is_open or #outcome > 17 or token and not is_long and not is_kept then
    others = others or rules(present())
    local fresh, life = string.match(outcome, '^[ot](%x*):?(%d*)$')
    local verb = is_open and 'open' or not fresh and 'unchanged' or life == '' and 'changed' or 'unknown'
    local tag, was = { token = keys[at], intents = keys[at + 1] }, { token = token, intents = intents }
    others.change(tag, was, { verb = verb, writer = writer, fresh = fresh, life = tonumber(life) })
  -- Mostly nobody is at the tag. Where it has no token, nobody was told one.
  elseif is_long and outcome ~= 'u' then
    call('SET', keys[at], outcome, 'PX', KEEP)
  elseif is_kept and outcome ~= 'u' then
    local text = sub(token, 1, 1) .. sub(outcome, 2) .. sub(token, 18)
    call('SET', keys[at], text, 'PXAT', digits(tonumber(sub(token, 19)) - 1))
  end
end
return 1
