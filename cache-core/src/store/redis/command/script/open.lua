-- Looks at slots, and puts bytes where nothing is; reads tokens.
--
-- KEYS: the record of the incarnation, the slots, the keys of tokens.
-- ARGV: the incarnation of the connection, then for each slot: its bytes, their life in milliseconds.
local found = {}
local slots = (#ARGV - 1) / 2
for at = 1, slots do
  local key, bytes, life = KEYS[1 + at], ARGV[2 * at], ARGV[2 * at + 1]
  local present = read(key)
  if not present and life ~= '0' then
    -- The right to write is asked for afterwards: a server that is full refuses this.
    redis.call('SET', key, bytes, 'PX', life)
  end
  found[at] = present or false
end
for at = slots + 1, #KEYS - 1 do
  found[at] = read(KEYS[1 + at]) or false
end
-- Bytes that were put in another life are known to nobody.
return refusal(KEYS[1], ARGV[1]) or found
