-- What the scripts ask of the server before and after they do something.

-- KEEP and UNUSED are written in front of this: milliseconds.
--
-- A token goes when nobody has asked for it for KEEP, twice as long as the longest life of an entry. Without intents it is
-- safe for ever. A token of which outsiders choose how many there are goes after UNUSED, if nothing is stored under it.

-- Milliseconds of the server's clock.
local function present()
  local clock = redis.call('TIME')
  return clock[1] * 1000 + math.floor(clock[2] / 1000)
end

local function digits(number)
  return string.format('%.0f', number)
end

-- The text under a key; nil: there is none, or the key is of another type.
local function read(key)
  local value = redis.pcall('GET', key)
  return type(value) == 'string' and value or nil
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

-- Whether a record is of the incarnation `life`: it is its name, and behind a # the stamp, if there is one.
local function is_of(record, life)
  return record == life or record and string.sub(record, 1, #life + 1) == life .. '#'
end

-- Gives the record another stamp. One without a stamp is left so: a program wrote it that knows of none, and may still be
-- under way.
local function renew_stamp(key, stamp)
  local life = string.match(read(key) or '', '^(.*)#')
  if life then
    redis.call('SET', key, life .. '#' .. stamp)
  end
end

-- Why nothing may be done over a connection that was made in the incarnation `expected`; nil: it may.
local function refusal(key, expected)
  local record, trouble = recorded(key)
  if trouble then
    return trouble
  end
  if not is_of(record, expected) then
    return redis.error_reply('OTHERLIFE the server is not in the life that this connection was made in')
  end
end
