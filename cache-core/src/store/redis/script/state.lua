-- What becomes of a tag's token and of the intents beside it. `cache_core::intent::TagState` is the same in Rust, and
-- the tests compare the two.
--
-- The token's key:    t<16 hex digits>                                      no intent stands
--                     t<16 hex digits>:<standing>:<earliest>:<latest>       so many stand, the first and the last end then
--                     b<until>                                              blocked
-- The intents' key:   <writer, 16 hex digits>=<deadline>,..
--
-- Times are milliseconds of the server's clock. Anything else under a key counts as lost.

-- Without intents a token is safe for ever. It goes when nobody has asked for it for so long, twice as long as the
-- longest life of an entry: 60 days.
local KEEP = 5184000000

local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)

local function digits(number)
  return string.format('%.0f', number)
end

-- The text under a key; nil: there is none, or the key is of another type.
local function read(key)
  local value = redis.pcall('GET', key)
  return type(value) == 'string' and value or nil
end

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
    redis.call('PEXPIRE', key, digits(KEEP))
  end
end

-- Seeds, places or releases a tag whose keys hold these texts (false: none); gives the token, and whether an intent
-- stands.
local function change_any(keys, texts, verb, writer, fresh, life)
  local was_held, was_intents = texts.token or nil, texts.intents or nil
  local held, intents = settled(held_of(was_held), intents_of(was_intents))
  local token, is_intended = fresh, #intents > 0
  if verb == 'seed' then
    if not held then
      held = { token = fresh }
    end
    token, is_intended = held.token or fresh, is_intended or not held.token
  else
    intents = keep(intents, function(intent) return intent.writer ~= writer end)
    if verb == 'place' or verb == 'unknown' then
      intents[#intents + 1] = { writer = writer, deadline = now + life }
    end
    if (verb == 'changed' or verb == 'unknown') and held and held.token then
      held.token = fresh
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

-- Whether a token stands without intents.
local function is_plain(text)
  return text and #text == 17 and string.find(text, '^t[0-9a-f]+$')
end

-- The digits of the moment at which an intent of this life ends, and of the millisecond before. The tags of one write are
-- placed with one life.
local ends = {}
local function ending(life)
  local known = ends[life]
  if not known then
    known = { at = digits(now + life), before = digits(now + life - 1) }
    ends[life] = known
  end
  return known
end

-- The same for what most tags are most of the time: a writer comes to a tag that nobody else is at, and goes. Every
-- other case is left to `change_any`, which gives the same for these.
local function change(keys, texts, verb, writer, fresh, life)
  local token, intents = texts.token, texts.intents
  if verb == 'place' then
    if not intents and is_plain(token) and life > 1 then
      local ends_at = ending(life)
      redis.call('SET', keys.token, token .. ':1:' .. ends_at.at .. ':' .. ends_at.at, 'PXAT', ends_at.before)
      redis.call('SET', keys.intents, writer .. '=' .. ends_at.at, 'PXAT', ends_at.before)
      return fresh, false
    end
  elseif (verb == 'changed' or verb == 'unchanged') and token and intents then
    local deadline = string.match(intents, '^' .. writer .. '=(%d+)$')
    local held = string.sub(token, 1, 17)
    if deadline and is_plain(held) and token == held .. ':1:' .. deadline .. ':' .. deadline
      and tonumber(deadline) > now then
      redis.call('SET', keys.token, verb == 'changed' and 't' .. fresh or held, 'PXAT', ending(KEEP).before)
      redis.call('DEL', keys.intents)
      return fresh, true
    end
  end
  return change_any(keys, texts, verb, writer, fresh, life)
end

-- The incarnation that is recorded, or the error for which the server does not say so. The command asks for the right to
-- write and changes nothing: a server that takes no writes takes no invalidations either, and is not to be used.
--
-- A script that has asked so counts as one that writes. A server that is full lets it go on, and refuses scripts that
-- have not: writers' intents and releases have room always, and new tags of readers do not.
local function recorded(key)
  local record = redis.pcall('GETEX', key, 'PERSIST')
  if type(record) ~= 'table' then
    return record
  end
  if string.find(record.err, 'WRONGTYPE', 1, true) then
    return false
  end
  return nil, record
end

-- Why nothing may be done over a connection that was made in the incarnation `expected`; nil: it may.
local function refusal(key, expected)
  local record, trouble = recorded(key)
  if trouble then
    return trouble
  end
  if record ~= expected then
    return redis.error_reply('OTHERLIFE the server is not in the life that this connection was made in')
  end
end
