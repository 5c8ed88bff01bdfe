-- Keeps tags as long as what is stored under them, or lets them go if nothing was. Ends a lease.
--
-- KEYS: for each tag its token's key and its intents' key; the lease, if one is to be ended.
-- ARGV: for each tag the token that is meant, and for how many milliseconds something is stored under it (0: nothing is);
--       the lease's holder.
local keys, sub = KEYS, string.sub
local now, others = present(), nil
-- Keys of another type count as lost.
local found = redis.call('MGET', unpack(keys))
for at = 1, #keys - 1, 2 do
  local token, intents, meant, life = found[at], found[at + 1], ARGV[at], tonumber(ARGV[at + 1])
  if token and sub(token, 2, 17) == meant then
    local is_unused, kept = sub(token, 1, 1) == 'n', tonumber(sub(token, 19))
    if #token ~= 31 or not kept or kept <= now or intents then
      others = others or rules(now)
      local tag, texts = { token = keys[at], intents = keys[at + 1] }, { token = token, intents = intents }
      others.change(tag, texts, { verb = life > 0 and 'keep' or 'forget', fresh = meant, life = life })
    elseif life > 0 and (is_unused or kept < now + life) then
      -- Mostly nobody is at the tag.
      local till = now + 2 * life
      redis.call('SET', keys[at], 't' .. meant .. '@' .. digits(till), 'PXAT', digits(till - 1))
    elseif life == 0 and is_unused then
      redis.call('DEL', keys[at])
    end
  end
end
if #keys % 2 == 1 and found[#keys] == ARGV[#ARGV] then
  redis.call('DEL', keys[#keys])
end
return 1
