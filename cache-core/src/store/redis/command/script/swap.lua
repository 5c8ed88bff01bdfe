-- Changes slots that begin as they have to; says of each whether it was changed.
--
-- KEYS: the record of the incarnation, the slots.
-- ARGV: the incarnation of the connection, the place of the last byte that is compared, then for each slot: how it has
-- to begin, what is to be there, and for how long: milliseconds, 0: it is removed, `kept`: as long as what is there now.
if not is_of(read(KEYS[1]), ARGV[1]) then
  -- Says why. Nothing was done yet, and the server may be full: this does not ask for the right to write before the
  -- swaps, which ask for it themselves, and for room.
  return refusal(KEYS[1], ARGV[1])
end
local done = {}
for at = 1, #KEYS - 1 do
  local key, mark, bytes, life = KEYS[1 + at], ARGV[3 * at], ARGV[3 * at + 1], ARGV[3 * at + 2]
  local beginning = redis.pcall('GETRANGE', key, 0, ARGV[2])
  local is_foreign = type(beginning) == 'table'
  if is_foreign then
    if not string.find(beginning.err, 'WRONGTYPE', 1, true) then
      return beginning
    end
    beginning = ''
  end
  done[at] = beginning == mark and 1 or 0
  if done[at] == 1 then
    if life == '0' then
      redis.call('DEL', key)
    elseif life ~= 'kept' then
      redis.call('SET', key, bytes, 'PX', life)
    elseif not is_foreign then
      redis.call('SET', key, bytes, 'XX', 'KEEPTTL')
    end
  end
end
-- That a slot is another one by now is believed only of a server that takes writes.
return refusal(KEYS[1], ARGV[1]) or done
