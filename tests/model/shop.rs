//! What is in the database of the model: two rows of one table, and what the programs of the writers do to them.

use cache_core::protocol::write::Change;
use cache_core::{KeyBytes, Tag};

/// A row, by its primary key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Row {
    A,
    B,
}

/// A value of the unique column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Slug {
    A,
    B,
}

/// What is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Read {
    Every,
    Row(Row),
    Scope,
    Slug(Slug),
}

/// What a writer does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Program {
    /// Anything in the database may have changed, and all rows have.
    Alter,
    /// Somebody changes row A unseen, and then it is cleared by hand.
    ClearA,
    DeleteA,
    /// The manager's insert, which gets the row back.
    InsertB,
    /// One row's unique value changes: from that of A to that of B.
    RenameA,
    /// The manager's save, which gets the row back.
    SaveA,
    /// A plain statement: any row may have changed.
    UpdateAll,
}

/// The rows that are there, each with its slug and a number of changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Shop {
    a: Option<(Slug, u8)>,
    b: Option<(Slug, u8)>,
}

/// What a reader gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Row(Option<(Row, Slug, u8)>),
    Rows(Shop),
}

impl Row {
    pub(crate) fn key(self) -> KeyBytes {
        KeyBytes::of(&match self {
            Self::A => 1,
            Self::B => 2,
        })
    }
}

impl Read {
    pub(crate) const COUNT: usize = 6;

    /// The place of its entry.
    pub(crate) const fn place(self) -> usize {
        match self {
            Self::Every => 0,
            Self::Row(Row::A) => 1,
            Self::Row(Row::B) => 2,
            Self::Scope => 3,
            Self::Slug(Slug::A) => 4,
            Self::Slug(Slug::B) => 5,
        }
    }

    pub(crate) const fn at(place: usize) -> Self {
        [Self::Every, Self::Row(Row::A), Self::Row(Row::B), Self::Scope, Self::Slug(Slug::A), Self::Slug(Slug::B)]
            [place]
    }
}

impl Program {
    /// What is announced before the statement.
    pub(crate) fn announced(self) -> Option<Change> {
        let a = Row::A.key();
        match self {
            Self::Alter | Self::ClearA => None,
            Self::DeleteA => Some(Change::Delete(Some(a))),
            Self::InsertB => Some(Change::Insert),
            Self::RenameA => Some(Change::Update { row: a, sets_unique: true }),
            Self::SaveA => Some(Change::Save(Some(a))),
            Self::UpdateAll => Some(Change::Change),
        }
    }

    /// What is known of the result.
    pub(crate) fn exact(self, scope: Tag) -> Option<Change> {
        let scopes = Some(vec![scope]);
        match self {
            Self::InsertB => Some(Change::Inserted { row: Some(Row::B.key()), scopes }),
            Self::SaveA => Some(Change::Saved { row: Some(Row::A.key()), scopes }),
            other => other.announced(),
        }
    }
}

impl Shop {
    pub(crate) const FIRST: Self = Self { a: Some((Slug::A, 0)), b: None };

    /// The shop after `program`.
    pub(crate) fn after(self, program: Program) -> Self {
        let changed = |row: Option<(Slug, u8)>| row.map(|(slug, changes)| (slug, changes + 1));
        match program {
            Program::ClearA | Program::SaveA => Self { a: changed(self.a), ..self },
            Program::DeleteA => Self { a: None, ..self },
            Program::InsertB => Self { b: Some((Slug::B, 0)), ..self },
            Program::RenameA => Self { a: self.a.map(|(_, changes)| (Slug::B, changes + 1)), ..self },
            Program::Alter | Program::UpdateAll => Self { a: changed(self.a), b: changed(self.b) },
        }
    }

    pub(crate) fn answer(self, read: Read) -> Answer {
        let [a, b] =
            [(Row::A, self.a), (Row::B, self.b)].map(|(row, held)| held.map(|(slug, changes)| (row, slug, changes)));
        match read {
            Read::Every | Read::Scope => Answer::Rows(self),
            Read::Row(Row::A) => Answer::Row(a),
            Read::Row(Row::B) => Answer::Row(b),
            Read::Slug(asked) => Answer::Row([a, b].into_iter().flatten().find(|(_, slug, _)| *slug == asked)),
        }
    }

    /// The row that a read of one row finds.
    pub(crate) fn found(self, read: Read) -> Option<Row> {
        match self.answer(read) {
            Answer::Row(found) => found.map(|(row, ..)| row),
            Answer::Rows(_) => None,
        }
    }
}
