//! How a tag's state lies under its two keys, and the notes beside a table under theirs.

use crate::clock::Timestamp;
use crate::name::key::Fingerprint;
use crate::name::tag::Token;
use crate::protocol::intent::{IntentCount, Keeping, TagState, TagValue, Writer};
use crate::protocol::notes::{Note, Notes};
use crate::store::TagName;
use crate::store::engine::Rows;

/// The state of a tag. Bytes that are not one count as lost.
pub(super) fn load(rows: &impl Rows, tag: &TagName, now: Timestamp) -> TagState {
    let (intents, open) = rows.get(&tag.intents(), now).and_then(intents).unwrap_or_default();
    TagState { held: load_held(rows, tag, now), intents, open }
}

/// What the first key of a tag holds: all that a reader asks for.
pub(super) fn load_held(rows: &impl Rows, tag: &TagName, now: Timestamp) -> Option<TagValue> {
    rows.get(&tag.token, now).and_then(held)
}

/// Writes the state of a tag; each key expires when what it holds is over.
pub(super) fn save(rows: &mut impl Rows, tag: &TagName, state: &TagState) {
    match state.held {
        Some(held) => rows.set(&tag.token, held_bytes(held), held.expires_at()),
        None => rows.remove(&tag.token),
    }
    match state.intents.iter().map(|(_, deadline)| *deadline).max() {
        Some(last) => rows.set(&tag.intents(), intents_bytes(state), last),
        None => rows.remove(&tag.intents()),
    }
}

fn held_bytes(held: TagValue) -> Vec<u8> {
    match held {
        TagValue::Blocked { until } => words(&[until.as_nanos()]),
        TagValue::Counted(standing) => words(&counts(standing)),
        TagValue::Token { token, keeping, standing } => {
            let (kind, until) = match keeping {
                Keeping::Long => (0, Timestamp::NEVER),
                Keeping::Unused { until } => (1, until),
                Keeping::Used { until } => (2, until),
            };
            words(&[&[token.bits(), kind, until.as_nanos()][..], &counts(standing)].concat())
        }
    }
}

fn counts(standing: IntentCount) -> [u64; 3] {
    [standing.count as u64, standing.earliest.as_nanos(), standing.latest.as_nanos()]
}

fn standing([count, earliest, latest]: [u64; 3]) -> Option<IntentCount> {
    let [earliest, latest] = [earliest, latest].map(Timestamp::from_nanos);
    Some(IntentCount { count: usize::try_from(count).ok()?, earliest, latest })
}

/// What a tag's first key says; `None`: nothing that a tag says.
pub(super) fn held(bytes: &[u8]) -> Option<TagValue> {
    let (words, rest) = bytes.as_chunks();
    let number = |word: &[u8; 8]| u64::from_le_bytes(*word);
    match words {
        _ if !rest.is_empty() => None,
        [until] => Some(TagValue::Blocked { until: Timestamp::from_nanos(number(until)) }),
        [count, earliest, latest] => Some(TagValue::Counted(standing([count, earliest, latest].map(number))?)),
        [token, kind, until, count, earliest, latest] => {
            let [token, kind] = [token, kind].map(number);
            let until = Timestamp::from_nanos(number(until));
            let keeping = match kind {
                0 => Keeping::Long,
                1 => Keeping::Unused { until },
                2 => Keeping::Used { until },
                _ => return None,
            };
            let standing = standing([count, earliest, latest].map(number))?;
            Some(TagValue::Token { token: Token::from_bits(token), keeping, standing })
        }
        _ => None,
    }
}

fn intents_bytes(state: &TagState) -> Vec<u8> {
    let of_intent = |(writer, deadline): &(Writer, Timestamp)| {
        words(&[writer.bits(), deadline.as_nanos(), u64::from(state.open.contains(writer))])
    };
    state.intents.iter().flat_map(of_intent).collect()
}

/// The intents, and whose of them keep the tag open.
type Intents = (Vec<(Writer, Timestamp)>, Vec<Writer>);

fn intents(bytes: &[u8]) -> Option<Intents> {
    let numbers = numbers(bytes)?;
    let (intents, rest) = numbers.as_chunks::<3>();
    let of_intent = |[writer, deadline, _]: &[u64; 3]| (Writer::from_bits(*writer), Timestamp::from_nanos(*deadline));
    let open = intents.iter().filter(|[.., is_open]| *is_open == 1).map(|[writer, ..]| Writer::from_bits(*writer));
    rest.is_empty().then(|| (intents.iter().map(of_intent).collect(), open.collect()))
}

/// Notes: for each 16 bytes of what is declared, and two numbers.
pub(super) fn notes_bytes(notes: &Notes) -> Vec<u8> {
    let of_note = |(of, note): (Fingerprint, Note)| {
        let numbers = match note {
            Note::Ripe => [0, 0],
            Note::Unripe { until } => [1, until.as_nanos()],
            Note::Claimed(writer) => [2, writer.bits()],
        };
        [of.as_bytes().to_vec(), words(&numbers)].concat()
    };
    notes.iter().flat_map(of_note).collect()
}

/// The notes that `bytes` say. Bytes that say none count as lost.
pub(super) fn notes(bytes: &[u8]) -> Option<Notes> {
    let (notes, rest) = bytes.as_chunks::<32>();
    let note = |bytes: &[u8; 32]| {
        let note = match *numbers(&bytes[16..])? {
            [0, 0] => Note::Ripe,
            [1, until] => Note::Unripe { until: Timestamp::from_nanos(until) },
            [2, writer] => Note::Claimed(Writer::from_bits(writer)),
            _ => return None,
        };
        Some((Fingerprint::from_bytes(bytes[..16].try_into().ok()?), note))
    };
    if rest.is_empty() { notes.iter().map(note).collect() } else { None }
}

fn words(numbers: &[u64]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
}

fn numbers(bytes: &[u8]) -> Option<Box<[u64]>> {
    let (words, rest) = bytes.as_chunks::<8>();
    rest.is_empty().then(|| words.iter().map(|word| u64::from_le_bytes(*word)).collect())
}
