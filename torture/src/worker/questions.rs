//! Chooses the next question, of hot rows most of the time.

use conformance::Dice;

use crate::question::{Key, Question, Table};
use crate::schema::{CODES, SHARED_ITEMS, SHELVES, owned_by};

/// The next question of a reader. Half of the time it is about a row that was `written` lately: it is in memory when it is
/// written again, and asked for again before something else ends what should have been forgotten.
pub(super) fn next(dice: &mut Dice, written: Option<Key>) -> Question {
    if let Some(key) = written.filter(|_| dice.once_in(2)) {
        return Question::Detail(key);
    }
    let item = any_item(dice);
    match dice.below(12) {
        0..=2 => Question::Detail(Key::new(Table::Items, item)),
        3 => Question::Detail(Key::new(Table::Shelves, one_of(dice, SHELVES))),
        4 => Question::Detail(Key::new(Table::Notes, owned(dice))),
        5 => Question::Code(item, if item > SHARED_ITEMS { one_of(dice, CODES) - 1 } else { 0 }),
        6 | 7 => Question::Group(Table::Items, one_of(dice, SHELVES)),
        8 => Question::Group(Table::Notes, one_of(dice, SHARED_ITEMS)),
        9 => Question::All([Table::Items, Table::Notes, Table::Shelves][dice.index(3)]),
        10 => Question::Many((0..3).map(|_| any_item(dice)).collect()),
        _ => Question::Page(item),
    }
}

/// Every question whose answer may hold the row: what a program that caches by hand has to think of.
pub(super) fn about(key: Key) -> Vec<Question> {
    let mut questions = vec![Question::All(key.table), Question::Detail(key)];
    match key.table {
        Table::Items => {
            questions.extend((0..CODES).map(|code| Question::Code(key.id, code)));
            questions.extend((1..=SHELVES).map(|shelf| Question::Group(Table::Items, shelf)));
            questions.push(Question::Page(key.id));
        }
        Table::Notes => {
            questions.extend((1..=SHARED_ITEMS).map(|item| Question::Group(Table::Notes, item)));
            questions.extend((1..=SHARED_ITEMS).map(Question::Page));
        }
        Table::Shelves => questions.extend(pages()),
    }
    questions
}

fn pages() -> impl Iterator<Item = Question> {
    (1..=SHARED_ITEMS).chain((0..4).flat_map(owned_by)).map(Question::Page)
}

/// A number from 1 on.
pub(super) fn one_of(dice: &mut Dice, count: i32) -> i32 {
    1 + i32::try_from(dice.below(u64::from(count.unsigned_abs()))).unwrap_or(0)
}

fn any_item(dice: &mut Dice) -> i32 {
    if dice.once_in(2) { owned(dice) } else { one_of(dice, SHARED_ITEMS) }
}

fn owned(dice: &mut Dice) -> i32 {
    let ids: Vec<i32> = owned_by(dice.index(4)).collect();
    ids[dice.index(ids.len())]
}
