//! Asks a question through the managers.

use cache_diesel::CachedEntry;
use diesel::result::{OptionalExtension, QueryResult};

use super::access::Answer;
use crate::message::Version;
use crate::models::Versioned;
use crate::question::Origin;

/// The functions over a `$conn`; one that is awaited gives the words for it.
macro_rules! reads {
    ($conn:ty $(, $asynchronous:tt, $wait:tt)?) => {
        use diesel::result::{OptionalExtension, QueryResult};

        use super::{Answer, answer, list, one};
        use crate::models::{Item, ItemPage, Note, Shelf, Versioned};
        use crate::question::{Key, Origin, Question, Table};
        use crate::schema::code_of;

        /// Answers a question.
        pub(in crate::worker) $($asynchronous)? fn read(question: &Question, conn: &mut $conn) -> QueryResult<Answer> {
            match question {
                Question::All(Table::Items) => list(Item::cached().every().entry(conn)$(.$wait)??),
                Question::All(Table::Notes) => list(Note::cached().every().entry(conn)$(.$wait)??),
                Question::All(Table::Shelves) => list(Shelf::cached().every().entry(conn)$(.$wait)??),
                Question::Code(item, code) => one(Item::cached().get_by_code(code_of(*item, *code)).entry(conn)$(.$wait)?),
                Question::Detail(key) => detail(*key, conn)$(.$wait)?,
                Question::Group(Table::Notes, item) => list(Note::cached().all_by_item_id(*item).entry(conn)$(.$wait)??),
                Question::Group(_, shelf) => list(Item::cached().all_by_shelf_id(*shelf).entry(conn)$(.$wait)??),
                Question::Many(ids) => {
                    let rows = Item::cached().get_many(ids.iter().copied()).load(conn)$(.$wait)??;
                    Ok(Answer::of(rows.iter().flatten().map(|row| row.seen()).collect(), Origin::Untold))
                }
                Question::Page(id) => Ok(match ItemPage::cached().get(*id).entry(conn)$(.$wait)?.optional()? {
                    Some(page) => answer(page.versions(), &page),
                    None => Answer::of(Vec::new(), Origin::Untold),
                }),
            }
        }

        $($asynchronous)? fn detail(key: Key, conn: &mut $conn) -> QueryResult<Answer> {
            match key.table {
                Table::Items => one(Item::cached().get(key.id).entry(conn)$(.$wait)?),
                Table::Notes => one(Note::cached().get(key.id).entry(conn)$(.$wait)?),
                Table::Shelves => one(Shelf::cached().get(key.id).entry(conn)$(.$wait)?),
            }
        }
    };
}

pub(super) mod blocking {
    reads!(diesel::PgConnection);
}

pub(super) mod awaited {
    reads!(cache_diesel::AsyncPgConnection, async, await);
}

type Entry<T> = CachedEntry<std::sync::Arc<T>>;

fn list<M: Versioned>(entry: Entry<Vec<M>>) -> QueryResult<Answer> {
    Ok(answer(entry.value.iter().map(Versioned::seen).collect(), &entry))
}

fn one<M: Versioned>(entry: QueryResult<Entry<M>>) -> QueryResult<Answer> {
    Ok(match entry.optional()? {
        Some(entry) => answer(vec![entry.value.seen()], &entry),
        None => Answer::of(Vec::new(), Origin::Untold),
    })
}

fn answer<T>(seen: Vec<Version>, entry: &CachedEntry<T>) -> Answer {
    let age = entry.created_at().and_then(|created_at| created_at.elapsed().ok());
    let origin = match entry.origin {
        cache_diesel::Origin::Bypass => Origin::Bypass,
        cache_diesel::Origin::Hit => Origin::Hit,
        cache_diesel::Origin::Miss => Origin::Miss,
        _ => Origin::Untold,
    };
    Answer { seen, origin, age: age.and_then(|age| u64::try_from(age.as_millis()).ok()) }
}
