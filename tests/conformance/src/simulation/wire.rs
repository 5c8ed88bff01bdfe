//! How a tag's state lies under its two keys, and the notes beside a table under theirs.

use cache_core::intent::{IntentCount, Keeping, TagState, TagValue, Writer};
use cache_core::protocol::notes::{Note, Notes};
use cache_core::store::TagName;
use cache_core::{Fingerprint, Timestamp, Token};

use super::keyspace::Keyspace;

/// The state of a tag. Bytes that are not one count as lost.
pub(super) fn load(keys: &Keyspace, tag: &TagName, now: Timestamp) -> TagState {
    let held = keys.get(tag.token.as_str(), now).and_then(held);
    let (intents, open) = keys.get(tag.intents().as_str(), now).and_then(intents).unwrap_or_default();
    TagState { held, intents, open }
}

/// Writes the state of a tag; each key expires when what it holds is over.
pub(super) fn save(keys: &mut Keyspace, tag: &TagName, state: &TagState) {
    match state.held {
        Some(held) => keys.set(tag.token.as_str(), held_bytes(held), held.expires_at()),
        None => keys.remove(tag.token.as_str()),
    }
    match state.intents.iter().map(|(_, deadline)| *deadline).max() {
        Some(last) => keys.set(tag.intents().as_str(), intents_bytes(state), last),
        None => keys.remove(tag.intents().as_str()),
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
                other => unreachable!("a new way of keeping: {other:?}"),
            };
            words(&[&[token.bits(), kind, until.as_nanos()][..], &counts(standing)].concat())
        }
        other => unreachable!("a new kind of state: {other:?}"),
    }
}

fn counts(standing: IntentCount) -> [u64; 3] {
    [standing.count as u64, standing.earliest.as_nanos(), standing.latest.as_nanos()]
}

fn standing([count, earliest, latest]: [u64; 3]) -> Option<IntentCount> {
    let [earliest, latest] = [earliest, latest].map(Timestamp::from_nanos);
    Some(IntentCount { count: usize::try_from(count).ok()?, earliest, latest })
}

fn held(bytes: &[u8]) -> Option<TagValue> {
    match *numbers(bytes)? {
        [until] => Some(TagValue::Blocked { until: Timestamp::from_nanos(until) }),
        [count, earliest, latest] => Some(TagValue::Counted(standing([count, earliest, latest])?)),
        [token, kind, until, count, earliest, latest] => {
            let until = Timestamp::from_nanos(until);
            let keeping = match kind {
                0 => Keeping::Long,
                1 => Keeping::Unused { until },
                2 => Keeping::Used { until },
                _ => return None,
            };
            let standing = standing([count, earliest, latest])?;
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
            other => unreachable!("a new kind of note: {other:?}"),
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
