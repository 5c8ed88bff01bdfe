-- What becomes of a tag's token and of the intents beside it. `cache_core::intent::TagState` is the same in Rust, and
-- the tests compare the two.
--
-- The token's key:    t<16 hex digits>                                      no intent stands
--                     t<16 hex digits>:<standing>:<earliest>:<latest>       so many stand, the first and the last end then
--                     b<until>                                              blocked
-- The intents' key:   <writer, 16 hex digits>=<deadline>,..
--
-- Times are milliseconds of the server's clock. Anything else under a key counts as lost.
--
-- The rules are made by a function: to make all of these costs a run as much as to change a tag. The scripts for tags see
-- to what most tags are most of the time by themselves, as the rules would, and make them for the others only.
local function rules(now)
  local function held_of(text)
    if not text then
      return nil
    end
    local token, counts = string.match(text, '^t([0-9a-f]+)(.*)$')
    if token and #token == 16 then
      if counts == '' then
        return { token = token, standing = 0, expires = math.huge }
      end
      local standing, earliest, latest = string.match(counts, '^:(%d+):(%d+):(%d+)$')
      if standing then
        return {
          token = token, standing = tonumber(standing), expires = tonumber(earliest), latest = tonumber(latest),
        }
      end
    end
    local blocked = string.match(text, '^b(%d+)$')
    return blocked and { expires = tonumber(blocked) }
  end

  local function intents_of(text)
    local intents, understood = {}, {}
    for writer, deadline in string.gmatch(text or '', '([0-9a-f]+)=(%d+)') do
      intents[#intents + 1] = { writer = writer, deadline = tonumber(deadline) }
      understood[#understood + 1] = writer .. '=' .. deadline
    end
    if table.concat(understood, ',') ~= text then
      return {}
    end
    return intents
  end

  -- Keeps the intents for which `is_kept`.
  local function keep(intents, is_kept)
    local kept = {}
    for _, intent in ipairs(intents) do
      if is_kept(intent) then
        kept[#kept + 1] = intent
      end
    end
    return kept
  end

  -- Lets go what has expired, and notices what was lost.
  local function settled(held, intents)
    if held and held.expires <= now then
      held = nil
    end
    intents = keep(intents, function(intent) return intent.deadline > now end)
    if held and held.token and #intents < held.standing then
      held = { expires = held.latest }
    end
    return held, intents
  end

  local function text_of_held(held, intents)
    if not held then
      return nil
    end
    if not held.token then
      return 'b' .. digits(held.expires), held.expires
    end
    if #intents == 0 then
      return 't' .. held.token, now + KEEP
    end
    local earliest, latest = math.huge, 0
    for _, intent in ipairs(intents) do
      earliest = math.min(earliest, intent.deadline)
      latest = math.max(latest, intent.deadline)
    end
    local counts = #intents .. ':' .. digits(earliest) .. ':' .. digits(latest)
    return 't' .. held.token .. ':' .. counts, earliest
  end

  local function text_of_intents(intents)
    local texts, latest = {}, 0
    for _, intent in ipairs(intents) do
      texts[#texts + 1] = intent.writer .. '=' .. digits(intent.deadline)
      latest = math.max(latest, intent.deadline)
    end
    if #texts == 0 then
      return nil
    end
    return table.concat(texts, ','), latest
  end

  -- Writes what differs from what was there. A key is visible in the millisecond in which it expires: hence one less.
  local function write(key, was, text, expires)
    if text == was then
      return
    end
    if not text or expires - 1 <= now then
      redis.call('DEL', key)
      return
    end
    redis.call('SET', key, text, 'PXAT', digits(expires - 1))
  end

  -- A token beside which no intent stands begins to be kept anew, now and then when somebody asks for it.
  local function renew(key)
    if redis.call('PTTL', key) < KEEP / 2 then
      redis.call('PEXPIRE', key, KEEP)
    end
  end

  -- Seeds, places or releases a tag whose keys hold these texts (false: none), for a `verb`, a `writer`, a `fresh` token
  -- and a `life`; gives the token, and whether an intent stands.
  local function change(keys, texts, with)
    local was_held, was_intents, verb = texts.token or nil, texts.intents or nil, with.verb
    local held, intents = settled(held_of(was_held), intents_of(was_intents))
    local token, is_intended = with.fresh, #intents > 0
    if verb == 'seed' then
      if not held then
        held = { token = with.fresh }
      end
      token, is_intended = held.token or with.fresh, is_intended or not held.token
    else
      intents = keep(intents, function(intent) return intent.writer ~= with.writer end)
      if verb == 'place' or verb == 'unknown' then
        intents[#intents + 1] = { writer = with.writer, deadline = now + with.life }
      end
      if (verb == 'changed' or verb == 'unknown') and held and held.token then
        held.token = with.fresh
      end
    end
    local text, expires = text_of_held(held, intents)
    write(keys.token, was_held, text, expires)
    if verb == 'seed' and text == was_held and #intents == 0 and held.token then
      renew(keys.token)
    end
    text, expires = text_of_intents(intents)
    write(keys.intents, was_intents, text, expires)
    return token, is_intended
  end

  return { change = change, held_of = held_of, intents_of = intents_of, keep = keep, settled = settled }
end
