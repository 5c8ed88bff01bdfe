-- Seeds, places or releases several tags, one after the other. Where one fails, none that comes after it is touched.
--
-- KEYS: the record of the incarnation, then for each tag its token's key and its intents' key.
-- ARGV: the incarnation of the connection, the writer, then for each tag: verb, fresh token, life in milliseconds.
local record, trouble = recorded(KEYS[1])
if trouble then
  return trouble
end
if record ~= ARGV[1] then
  return redis.error_reply('OTHERLIFE the server is not in the life that this connection was made in')
end
local seeds = {}
for at = 1, (#KEYS - 1) / 2 do
  local tag = { token = KEYS[2 * at], intents = KEYS[2 * at + 1] }
  local verb, fresh, life = ARGV[3 * at], ARGV[3 * at + 1], tonumber(ARGV[3 * at + 2])
  local token, is_intended = change(tag, verb, ARGV[2], fresh, life)
  seeds[#seeds + 1] = token
  seeds[#seeds + 1] = is_intended and 1 or 0
end
return seeds
