-- Seeds, places or releases several tags, one after the other. Where one fails, none that comes after it is touched.
--
-- KEYS: the record of the incarnation, then for each tag its token's key and its intents' key.
-- ARGV: the incarnation of the connection, the writer, then for each tag: verb, fresh token, life in milliseconds.
local is_for_readers = ARGV[3] == 'seed'
if not is_for_readers then
  local refused = refusal(KEYS[1], ARGV[1])
  if refused then
    return refused
  end
end
-- Keys of another type count as lost.
local found = redis.call('MGET', unpack(KEYS, 2))
local is_changed, seeds = {}, {}
for at = 1, (#KEYS - 1) / 2 do
  local keys = { token = KEYS[2 * at], intents = KEYS[2 * at + 1] }
  local texts = { token = found[2 * at - 1], intents = found[2 * at] }
  if is_changed[keys.token] then
    texts = { token = read(keys.token), intents = read(keys.intents) }
  end
  is_changed[keys.token] = true
  local verb, fresh, life = ARGV[3 * at], ARGV[3 * at + 1], tonumber(ARGV[3 * at + 2])
  local token, is_intended = change(keys, texts, verb, ARGV[2], fresh, life)
  seeds[#seeds + 1] = token
  seeds[#seeds + 1] = is_intended and 1 or 0
end
-- A token that was added in another life harms nobody, and is not told.
return is_for_readers and refusal(KEYS[1], ARGV[1]) or seeds
