//! Writes of whole rows: the same verbs for every model.

use crate::database::{self, DatabaseConn};
use crate::form::Form;
use crate::line::prelude::*;
use crate::models::{
    Code, Folder, Job, Label, Name, Note, Person, Place, Product, Review, Seat, Stock, Tally, codes, folders, jobs,
    labels, notes, people, places, products, reviews, seats, stocks, tallies,
};
use crate::world::cache_name;

#[derive(Clone, Debug)]
pub enum Row {
    Code(Code),
    Folder(Folder),
    Job(Job),
    Label(Label),
    Note(Note),
    Person(Person),
    Place(Place),
    Product(Product),
    Review(Review),
    Seat(Seat),
    Stock(Stock),
    Tally(Tally),
}

/// What is done with a row; by the manager where Diesel is not named.
#[derive(Clone, Copy, Debug)]
pub enum Verb {
    Insert,
    InsertReturning,
    Save,
    SaveReturning,
    Delete,
    DieselInsert,
    DieselInsertOrIgnore,
    DieselReplace,
    DieselSave,
    DieselDelete,
    /// `manager.write(diesel::replace_into(..))`
    WriteReplace,
    /// `manager.write(diesel::delete(..))`
    WriteDelete,
}

impl Verb {
    pub fn form(self) -> Form {
        match self {
            Self::Insert => Form::Insert,
            Self::InsertReturning => Form::InsertReturning,
            Self::Save | Self::SaveReturning => Form::Save,
            Self::Delete => Form::Delete,
            Self::DieselInsert | Self::DieselInsertOrIgnore => Form::PlainInsert,
            Self::DieselReplace => Form::PlainUpsert,
            Self::DieselSave | Self::DieselDelete => Form::PlainChange,
            Self::WriteReplace | Self::WriteDelete => Form::Statement,
        }
    }

    /// Of `write_name`.
    pub fn form_of_name(self) -> Form {
        match self {
            Self::Insert | Self::DieselInsert => Form::Insert,
            Self::InsertReturning | Self::DieselInsertOrIgnore => Form::InsertReturning,
            Self::Delete | Self::DieselDelete | Self::WriteDelete => Form::Delete,
            _ => Form::Save,
        }
    }
}

macro_rules! verbs {
    ($verb:expr, $conn:expr, $Model:ident, $table:ident, $row:expr) => {{
        let (manager, conn, row) = ($Model::cached_in(cache_name()), $conn, $row);
        let target = $table::table;
        match $verb {
            Verb::Insert => manager.insert(row).execute(conn),
            Verb::InsertReturning => database::insert_returning!($Model, manager, row, conn),
            Verb::Save => manager.save(row).execute(conn),
            Verb::SaveReturning => manager.save(row).get_result(conn).map(|_| 1),
            Verb::Delete => {
                let key = Identifiable::id(row);
                manager.delete(key_of(key)).execute(conn)
            }
            Verb::DieselInsert => diesel::insert_into(target).values(row).execute(conn),
            Verb::DieselInsertOrIgnore => database::insert_or_ignore!(target, row, conn),
            Verb::DieselReplace => database::replace!(target, row, |statement| statement.execute(conn)),
            Verb::DieselSave => diesel::update(row).set(row).execute(conn),
            Verb::DieselDelete => diesel::delete(row).execute(conn),
            Verb::WriteReplace => database::replace!(target, row, |statement| manager.write(statement).execute(conn)),
            Verb::WriteDelete => manager.write(diesel::delete(row)).execute(conn),
        }
    }};
}

impl Row {
    pub fn write(&self, verb: Verb, conn: &mut DatabaseConn) -> QueryResult<usize> {
        match self {
            Self::Code(row) => verbs!(verb, conn, Code, codes, row),
            Self::Folder(row) => verbs!(verb, conn, Folder, folders, row),
            Self::Job(row) => verbs!(verb, conn, Job, jobs, row),
            Self::Label(row) => verbs!(verb, conn, Label, labels, row),
            Self::Note(row) => verbs!(verb, conn, Note, notes, row),
            Self::Person(row) => verbs!(verb, conn, Person, people, row),
            Self::Place(row) => verbs!(verb, conn, Place, places, row),
            Self::Product(row) => verbs!(verb, conn, Product, products, row),
            Self::Review(row) => verbs!(verb, conn, Review, reviews, row),
            Self::Seat(row) => verbs!(verb, conn, Seat, seats, row),
            Self::Stock(row) => verbs!(verb, conn, Stock, stocks, row),
            Self::Tally(row) => verbs!(verb, conn, Tally, tallies, row),
        }
    }
}

/// Writes through the model with fewer columns.
pub fn write_name(row: &Product, verb: Verb, conn: &mut DatabaseConn) -> QueryResult<usize> {
    let (manager, name) = (Name::cached_in(cache_name()), Name { id: row.id, slug: row.slug.clone() });
    match verb {
        Verb::Insert | Verb::DieselInsert => manager.insert(row).execute(conn),
        Verb::InsertReturning | Verb::DieselInsertOrIgnore => manager.insert(row).get_result(conn).map(|_| 1),
        Verb::Delete | Verb::DieselDelete | Verb::WriteDelete => manager.delete(row.id).execute(conn),
        Verb::SaveReturning => manager.save(&name).get_result(conn).map(|_| 1),
        _ => manager.save(&name).execute(conn),
    }
}

/// The key that Diesel's `Identifiable` gives by reference, as the manager takes it.
trait KeyOf {
    type Key;

    fn key_of(self) -> Self::Key;
}

impl<T: Clone> KeyOf for &T {
    type Key = T;

    fn key_of(self) -> T {
        self.clone()
    }
}

impl<A: Clone, B: Clone> KeyOf for (&A, &B) {
    type Key = (A, B);

    fn key_of(self) -> (A, B) {
        (self.0.clone(), self.1.clone())
    }
}

fn key_of<K: KeyOf>(key: K) -> K::Key {
    key.key_of()
}
