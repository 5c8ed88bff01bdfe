-- Changes the notes beside a table; says whether a fill may go by them. `cache_core::protocol::notes::Notes::after` is the
-- same in Rust, and the tests compare the two.
--
-- KEYS: the record of the incarnation, the token of the table's `any`, its intents, the notes.
--       To restore them: for each of the table's wide tags its token's key and its intents' key.
-- ARGV: the incarnation of the connection, the verb, the declarations (32 hex digits), the writer.
--       To restore them: a fresh token for each of these tags.
--
-- The notes' key: n<declarations>=<state>,..    state: r          ripe
--                                                      u<until>   not ripe before that
--                                                      c<writer>  claimed
local LOST = string.rep('0', 32)

local verb, own, claimed = ARGV[2], ARGV[3], 'c' .. ARGV[4]
local now = present()
local tags = rules(now)
local is_for_readers = verb == 'note' or verb == 'restore'
if not is_for_readers then
  local refused = refusal(KEYS[1], ARGV[1])
  if refused then
    return refused
  end
end

local function text_of(notes)
  local texts = {}
  for at, note in ipairs(notes) do
    texts[at] = note.of .. '=' .. note.state
  end
  return 'n' .. table.concat(texts, ',')
end

local function notes_of(text)
  local notes = {}
  for of, state in string.gmatch(text or '', '(%x+)=([ruc]%x*)') do
    notes[#notes + 1] = { of = of, state = state }
  end
  return text_of(notes) == text and notes or nil
end

-- When the last of the intents beside `any` ends, but for those of writers that claim some of `notes`.
local function stands_until(notes)
  local exempt = {}
  for _, note in ipairs(notes) do
    exempt[note.state] = true
  end
  local held, intents = tags.settled(tags.held_of((read(KEYS[2]))), tags.intents_of((read(KEYS[3]))))
  local last = held and held.is_blocked and held.expires or 0
  for _, intent in ipairs(intents) do
    if not exempt['c' .. intent.writer] then
      last = math.max(last, intent.deadline)
    end
  end
  return last > 0 and last or nil
end

local function ripened(state, notes)
  local last = stands_until(notes)
  if state == 'r' or not last then
    return 'r'
  end
  local till = string.match(state or '', '^u(%d+)$')
  if not till then
    return 'u' .. digits(last)
  end
  return tonumber(till) <= now and 'r' or state
end

local notes, may_store = notes_of((read(KEYS[4]))), 1
if verb == 'restore' and not notes then
  if ARGV[5] then
    renew_stamp(KEYS[1], ARGV[5])
  end
  for at = 5, #KEYS, 2 do
    local tag, texts = { token = KEYS[at], intents = KEYS[at + 1] }, { token = read(KEYS[at]), intents = read(KEYS[at + 1]) }
    tags.change(tag, texts, { verb = 'changed', writer = '', fresh = ARGV[(at + 5) / 2] })
  end
  notes = {}
end
if verb == 'claim' then
  if not notes then
    notes = { { of = LOST, state = claimed } }
  end
  for _, note in ipairs(notes) do
    if note.of ~= own then
      note.state = claimed
    end
  end
elseif not notes then
  may_store = 0
elseif verb == 'forget' then
  notes = tags.keep(notes, function(note) return note.state ~= claimed end)
else
  local others = tags.keep(notes, function(note) return note.of ~= own end)
  local found = tags.keep(notes, function(note) return note.of == own end)[1]
  others[#others + 1] = { of = own, state = ripened(found and found.state, notes) }
  notes, may_store = others, others[#others].state == 'r' and 1 or 0
end
if notes then
  redis.call('SET', KEYS[4], text_of(notes), 'PX', KEEP)
end
-- A note that was made in another life harms nobody, and does not count.
return is_for_readers and refusal(KEYS[1], ARGV[1]) or may_store
