//! How a tag's state lies under its two keys, and the notes beside a table under theirs.

use cache_core::intent::{Held, TagState, Writer};
use cache_core::protocol::notes::{Note, Notes};
use cache_core::store::TagName;
use cache_core::{Fingerprint, Timestamp, Token};

use super::keyspace::Keyspace;

/// The state of a tag. Bytes that are not one count as lost.
pub(super) fn load(keys: &Keyspace, tag: &TagName, now: Timestamp) -> TagState {
    let held = keys.get(tag.token.as_str(), now).and_then(held);
    let intents = keys.get(tag.intents().as_str(), now).and_then(intents).unwrap_or_default();
    TagState { held, intents }
}

/// Writes the state of a tag; each key expires when what it holds is over.
pub(super) fn save(keys: &mut Keyspace, tag: &TagName, state: &TagState) {
    match state.held {
        Some(held) => keys.set(tag.token.as_str(), held_bytes(held), held.expires_at()),
        None => keys.remove(tag.token.as_str()),
    }
    match state.intents.iter().map(|(_, deadline)| *deadline).max() {
        Some(last) => keys.set(tag.intents().as_str(), intents_bytes(&state.intents), last),
        None => keys.remove(tag.intents().as_str()),
    }
}

fn held_bytes(held: Held) -> Vec<u8> {
    match held {
        Held::Blocked { until } => words(&[until.as_nanos()]),
        Held::Token { token, standing, earliest, latest } => {
            words(&[token.bits(), standing as u64, earliest.as_nanos(), latest.as_nanos()])
        }
        other => unreachable!("a new kind of state: {other:?}"),
    }
}

fn held(bytes: &[u8]) -> Option<Held> {
    match *numbers(bytes)? {
        [until] => Some(Held::Blocked { until: Timestamp::from_nanos(until) }),
        [token, standing, earliest, latest] => Some(Held::Token {
            token: Token::from_bits(token),
            standing: usize::try_from(standing).ok()?,
            earliest: Timestamp::from_nanos(earliest),
            latest: Timestamp::from_nanos(latest),
        }),
        _ => None,
    }
}

fn intents_bytes(intents: &[(Writer, Timestamp)]) -> Vec<u8> {
    intents.iter().flat_map(|(writer, deadline)| words(&[writer.bits(), deadline.as_nanos()])).collect()
}

fn intents(bytes: &[u8]) -> Option<Vec<(Writer, Timestamp)>> {
    let numbers = numbers(bytes)?;
    let pair = |pair: &[u64]| (Writer::from_bits(pair[0]), Timestamp::from_nanos(pair[1]));
    (numbers.len() % 2 == 0).then(|| numbers.chunks_exact(2).map(pair).collect())
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
