-- What becomes of a tag's token and of the intents beside it. `cache_core::intent::TagState` is the same in Rust, and
-- the tests compare the two.
--
-- The token's key:    <head>                                   no intent stands
--                     <head>:<count>:<earliest>:<latest>       so many stand, the first and the last end then
--                     b<until>                                 blocked
-- A head is:          t<16 hex digits>                         kept for long
--                     t<16 hex digits>@<until>                 kept as long as what is stored under it
--                     n<16 hex digits>@<until>                 nothing was stored under it yet
--                     i                                        no token: intents are counted
-- The intents' key:   <writer, 16 hex digits>=<deadline>,..   with a ! for the = where it keeps the tag open
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
    local head, count, earliest, latest = string.match(text, '^([^:]*):(%d+):(%d+):(%d+)$')
    local held = { count = tonumber(count) or 0, expires = tonumber(earliest), latest = tonumber(latest) }
    if head == 'i' then
      return held
    end
    local kind, token, kept = string.match(head or text, '^([tn])([0-9a-f]+)@?(%d*)$')
    if token and #token == 16 and #(head or text) == (kept == '' and 17 or 18 + #kept) and (kept ~= '' or kind == 't') then
      held.token, held.is_unused, held.kept = token, kind == 'n', kept ~= '' and kept or nil
      held.expires = held.expires or tonumber(kept) or math.huge
      return held
    end
    local blocked = string.match(text, '^b(%d+)$')
    return blocked and { is_blocked = true, expires = tonumber(blocked) }
  end

  -- An intent holds its deadline as a number, to be compared, and in digits, to be written.
  local function intent_of(writer, said, is_open)
    return { writer = writer, deadline = tonumber(said), said = said, is_open = is_open }
  end

  local function intents_of(text)
    local intents, at, follows = {}, 1, text
    while follows do
      local writer, mark, said, after = string.match(text, '^([0-9a-f]+)([=!])(%d+)()', at)
      if not writer then
        return {}
      end
      intents[#intents + 1] = intent_of(writer, said, mark == '!')
      at, follows = after + 1, string.sub(text, after, after) == ','
    end
    return text and at == #text + 2 and intents or {}
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
    if held and not held.is_blocked and #intents < held.count then
      held = { is_blocked = true, expires = held.latest }
    end
    return held, intents
  end

  local function text_of_held(held, intents)
    if held and held.is_blocked then
      return 'b' .. digits(held.expires), held.expires
    end
    local head = 'i'
    if held and held.token then
      head = (held.is_unused and 'n' or 't') .. held.token .. (held.kept and '@' .. held.kept or '')
    end
    if #intents == 0 then
      -- Intents keep a token whose time is over.
      if head == 'i' or held.kept and tonumber(held.kept) <= now then
        return nil
      end
      return head, tonumber(held.kept) or now + KEEP
    end
    local first, last = intents[1], intents[1]
    for _, intent in ipairs(intents) do
      first = intent.deadline < first.deadline and intent or first
      last = intent.deadline > last.deadline and intent or last
    end
    return head .. ':' .. #intents .. ':' .. first.said .. ':' .. last.said, first.deadline
  end

  local function text_of_intents(intents)
    local texts, latest = {}, 0
    for at, intent in ipairs(intents) do
      texts[at] = intent.writer .. (intent.is_open and '!' or '=') .. intent.said
      latest = intent.deadline > latest and intent.deadline or latest
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

  -- Changes how long a token is kept.
  local function keep_for(held, intents, verb, life)
    if verb == 'keep' and (held.is_unused or tonumber(held.kept) < now + life) then
      held.is_unused, held.kept = false, digits(now + 2 * life)
    elseif verb == 'forget' and held.is_unused and #intents == 0 then
      return nil
    end
    return held
  end

  -- Seeds, places, opens, releases, keeps or forgets a tag whose keys hold these texts (false: none), for a `verb`, a
  -- `writer`, a `fresh` token (or the one that is meant) and a `life`; gives the token, whether an intent stands, and the
  -- token from before.
  local function change(keys, texts, with)
    local was_held, was_intents, verb = texts.token or nil, texts.intents or nil, with.verb
    local held, intents = settled(held_of(was_held), intents_of(was_intents))
    local token, is_intended, before = with.fresh, #intents > 0, held and held.token
    if verb == 'seed' then
      local open = keep(intents, function(intent) return intent.is_open end)
      if #open == 0 and (not held or not held.token and not held.is_blocked) then
        held = { token = with.fresh, is_unused = with.is_narrow, kept = with.is_narrow and digits(now + UNUSED) or nil }
      end
      token, is_intended = held and held.token or with.fresh, is_intended or held.is_blocked
    elseif verb == 'keep' or verb == 'forget' then
      if held and held.kept and held.token == with.fresh then
        held = keep_for(held, intents, verb, with.life)
      end
    else
      local is_open = verb == 'open'
      intents = keep(intents, function(intent)
        local is_own = intent.writer == with.writer
        is_open = is_open or verb == 'place' and is_own and intent.is_open
        return not is_own
      end)
      if verb == 'open' or verb == 'place' or verb == 'unknown' then
        intents[#intents + 1] = intent_of(with.writer, digits(now + with.life), is_open)
      end
      if verb == 'open' and held and held.token then
        held = {}
      end
      if (verb == 'changed' or verb == 'unknown') and held and held.token then
        held.token = with.fresh
      end
    end
    local text, expires = text_of_held(held, intents)
    write(keys.token, was_held, text, expires)
    if verb == 'seed' and text == was_held and #intents == 0 and held.token and not held.kept then
      renew(keys.token)
    end
    text, expires = text_of_intents(intents)
    write(keys.intents, was_intents, text, expires)
    return token, is_intended, before
  end

  return { change = change, held_of = held_of, intents_of = intents_of, keep = keep, settled = settled }
end
