//! Runs the statements of a write in its form, by one text for connections that block and for those that are awaited.

/// The functions over a `$conn`; one that is awaited gives the words for it.
macro_rules! statements {
    ($conn:ty, [$($methods:path),+] $(, $asynchronous:tt, $wait:tt)?) => {
        use diesel::dsl::sql_query;
        use diesel::prelude::{
            BoolExpressionMethods, ExpressionMethods, OptionalExtension, QueryDsl, SelectableHelper,
            TextExpressionMethods,
        };
        use diesel::result::{Error, QueryResult};
        use diesel::sql_types::{BigInt, Integer, Text};
        $(use $methods as _;)+

        use crate::grade::{Grade, GradeType};
        use crate::message::Version;
        use crate::models::{Item, Note, Shelf, number};
        use crate::question::{Key, State, Table};
        use crate::schema::{SHARED_ITEMS, code_of, items, notes, shelves};
        use crate::worker::steps::{Form, Frame, Step, of_one_row, one_more};

        $($asynchronous)? fn bump_item(key: Key, form: Form, conn: &mut $conn) -> QueryResult<Vec<Version>> {
            let row = items::table.find(key.id);
            if form == Form::Manager {
                let found: Item = row.select(Item::as_select()).for_update().first(conn)$(.$wait)??;
                let (version, grade) = (found.version + 1, Grade::of(number(found.version) + 1));
                let saved = Item::cached().save(&Item { version, grade, ..found }).get_result(conn)$(.$wait)??;
                return Ok(vec![(key, number(saved.version))]);
            }
            let before: i64 = row.select(items::version).first(conn)$(.$wait)??;
            let grade = Grade::of(number(before) + 1);
            let add = diesel::update(row).set((items::version.eq(items::version + 1), items::grade.eq(grade)));
            match form {
                Form::Returning => {
                    let version: i64 = add.returning(items::version).get_result(conn)$(.$wait)??;
                    return Ok(vec![(key, number(version))]);
                }
                Form::ManagerStatement => {
                    let written = Item::cached().write(add).get_result(conn)$(.$wait)??;
                    return Ok(vec![(key, number(written.version))]);
                }
                Form::Raw => sql_query("UPDATE items SET version = version + 1, grade = $1 WHERE id = $2")
                    .bind::<GradeType, _>(grade)
                    .bind::<Integer, _>(key.id)
                    .execute(conn)$(.$wait)??,
                _ => add.execute(conn)$(.$wait)??,
            };
            Ok(one_more(vec![(key.id, before)], Table::Items))
        }

        $($asynchronous)? fn bump_shelf_row(key: Key, form: Form, conn: &mut $conn) -> QueryResult<Vec<Version>> {
            let row = shelves::table.find(key.id);
            let add = diesel::update(row).set(shelves::version.eq(shelves::version + 1));
            if form == Form::Manager {
                let found: Shelf = row.select(Shelf::as_select()).for_update().first(conn)$(.$wait)??;
                let version = found.version + 1;
                let saved = Shelf::cached().save(&Shelf { version, ..found }).get_result(conn)$(.$wait)??;
                return Ok(vec![(key, number(saved.version))]);
            }
            let before: i64 = row.select(shelves::version).first(conn)$(.$wait)??;
            if form == Form::ManagerStatement {
                let written = Shelf::cached().write(add).get_result(conn)$(.$wait)??;
                return Ok(vec![(key, number(written.version))]);
            }
            add.execute(conn)$(.$wait)??;
            Ok(one_more(vec![(key.id, before)], Table::Shelves))
        }

        $($asynchronous)? fn bump_shelf(shelf: i32, form: Form, conn: &mut $conn) -> QueryResult<Vec<Version>> {
            let rows = items::table.filter(items::shelf_id.eq(shelf).and(items::id.le(SHARED_ITEMS)));
            let add = diesel::update(rows).set(items::version.eq(items::version + 1));
            if form == Form::Returning {
                let after: Vec<(i32, i64)> = add.returning((items::id, items::version)).get_results(conn)$(.$wait)??;
                return Ok(after.into_iter().map(|(id, version)| (Key::new(Table::Items, id), number(version))).collect());
            }
            let before = rows.select((items::id, items::version)).load(conn)$(.$wait)??;
            match form {
                Form::Manager | Form::ManagerStatement => Item::cached().write(add).execute(conn)$(.$wait)??,
                Form::Raw => sql_query("UPDATE items SET version = version + 1 WHERE shelf_id = $1 AND id <= $2")
                    .bind::<Integer, _>(shelf)
                    .bind::<Integer, _>(SHARED_ITEMS)
                    .execute(conn)$(.$wait)??,
                _ => add.execute(conn)$(.$wait)??,
            };
            Ok(one_more(before, Table::Items))
        }

        $($asynchronous)? fn put_item(id: i32, states: (State, State), version: i64, form: Form, conn: &mut $conn) -> QueryResult<()> {
            let (row, grade) = (items::table.find(id), Grade::of(number(version)));
            let written = match states {
                (State::Absent, State::Present { group, code }) => {
                    let item = Item { id, shelf_id: group, code: code_of(id, code), version, grade };
                    match form {
                        Form::Manager => Item::cached().insert(&item).get_result(conn)$(.$wait)?.map(|_| 1)?,
                        Form::Raw => {
                            sql_query("INSERT INTO items (id, shelf_id, code, version, grade) VALUES ($1, $2, $3, $4, $5)")
                                .bind::<Integer, _>(id)
                                .bind::<Integer, _>(group)
                                .bind::<Text, _>(item.code)
                                .bind::<BigInt, _>(version)
                                .bind::<GradeType, _>(grade)
                                .execute(conn)$(.$wait)??
                        }
                        _ => diesel::insert_into(items::table).values(&item).execute(conn)$(.$wait)??,
                    }
                }
                (_, State::Present { group, code }) => {
                    let item = Item { id, shelf_id: group, code: code_of(id, code), version, grade };
                    let place = (items::shelf_id.eq(group), items::code.eq(&item.code));
                    let set = (place, items::version.eq(version), items::grade.eq(grade));
                    match form {
                        Form::Manager => Item::cached().save(&item).execute(conn)$(.$wait)??,
                        Form::ManagerStatement => Item::cached().write(diesel::update(row).set(set)).execute(conn)$(.$wait)??,
                        Form::Returning => {
                            let found = items::table.filter(items::code.like(format!("{id}-%")));
                            diesel::update(found).set(set).execute(conn)$(.$wait)??
                        }
                        _ => diesel::update(row).set(set).execute(conn)$(.$wait)??,
                    }
                }
                (_, State::Absent) => match form {
                    Form::Manager => Item::cached().delete(id).execute(conn)$(.$wait)??,
                    Form::Raw => sql_query("DELETE FROM items WHERE id = $1").bind::<Integer, _>(id).execute(conn)$(.$wait)??,
                    Form::Returning => diesel::delete(row).returning(items::id).get_results::<i32>(conn)$(.$wait)??.len(),
                    _ => diesel::delete(row).execute(conn)$(.$wait)??,
                },
            };
            of_one_row(written)
        }

        $($asynchronous)? fn put_note(id: i32, states: (State, State), version: i64, form: Form, conn: &mut $conn) -> QueryResult<()> {
            let row = notes::table.find(id);
            let written = match states {
                (State::Absent, State::Present { group, .. }) => {
                    let note = Note { id, item_id: group, version };
                    match form {
                        Form::Manager => Note::cached().insert(&note).execute(conn)$(.$wait)??,
                        _ => diesel::insert_into(notes::table).values(&note).execute(conn)$(.$wait)??,
                    }
                }
                (_, State::Present { group, .. }) => {
                    let note = Note { id, item_id: group, version };
                    match form {
                        Form::Manager => Note::cached().save(&note).execute(conn)$(.$wait)??,
                        _ => diesel::update(row).set(&note).execute(conn)$(.$wait)??,
                    }
                }
                (_, State::Absent) => match form {
                    Form::Manager => Note::cached().delete(id).execute(conn)$(.$wait)??,
                    _ => diesel::delete(row).execute(conn)$(.$wait)??,
                },
            };
            of_one_row(written)
        }


        /// Runs a step. `version` is that of the declared state. Gives the least versions of shared rows.
        $($asynchronous)? fn step(step: &Step, version: u64, conn: &mut $conn) -> QueryResult<Vec<Version>> {
            let version = i64::try_from(version).unwrap_or(i64::MAX);
            match step {
                Step::Bump(key, form) if key.table == Table::Shelves => bump_shelf_row(*key, *form, conn)$(.$wait)?,
                Step::Bump(key, form) => bump_item(*key, *form, conn)$(.$wait)?,
                Step::BumpShelf(shelf, form) => bump_shelf(*shelf, *form, conn)$(.$wait)?,
                Step::Put { key, from, to, form } if key.table == Table::Notes => {
                    put_note(key.id, (*from, *to), version, *form, conn)$(.$wait)?.map(|()| Vec::new())
                }
                Step::Put { key, from, to, form } => {
                    put_item(key.id, (*from, *to), version, *form, conn)$(.$wait)?.map(|()| Vec::new())
                }
            }
        }

        /// The state of a row that nobody else writes.
        pub(in crate::worker) $($asynchronous)? fn state(key: Key, conn: &mut $conn) -> QueryResult<State> {
            let found: Option<(i32, i32)> = if key.table == Table::Items {
                let row: Option<(i32, String)> =
                    items::table.find(key.id).select((items::shelf_id, items::code)).first(conn)$(.$wait)?.optional()?;
                row.map(|(shelf, code)| (shelf, code.rsplit('-').next().and_then(|code| code.parse().ok()).unwrap_or(0)))
            } else {
                notes::table.find(key.id).select(notes::item_id).first(conn)$(.$wait)?.optional()?.map(|item| (item, 0))
            };
            Ok(found.map_or(State::Absent, |(group, code)| State::Present { group, code }))
        }

        /// Runs the steps; gives the least versions that shared rows have afterwards.
        ///
        /// # Errors
        ///
        /// `RollbackTransaction` if they were rolled back on purpose.
        pub(in crate::worker) $($asynchronous)? fn run(frame: Frame, steps: &[Step], versions: &[u64], conn: &mut $conn) -> QueryResult<Vec<Version>> {
            match frame {
                Frame::Statement => run_all(steps, versions, conn)$(.$wait)?,
                Frame::Transaction => conn.transaction($($asynchronous)? |conn| run_all(steps, versions, conn)$(.$wait)?)$(.$wait)?,
                Frame::RolledBack => conn.transaction($($asynchronous)? |conn| {
                    run_all(steps, versions, conn)$(.$wait)??;
                    Err(Error::RollbackTransaction)
                })$(.$wait)?,
                Frame::Savepoint => conn.transaction($($asynchronous)? |conn| {
                    let dropped = Step::Bump(Key::new(Table::Items, 1), Form::Plain);
                    let inner: QueryResult<()> = conn.transaction($($asynchronous)? |conn| {
                        step(&dropped, 0, conn)$(.$wait)??;
                        Err(Error::RollbackTransaction)
                    })$(.$wait)?;
                    match inner {
                        Err(Error::RollbackTransaction) => run_all(steps, versions, conn)$(.$wait)?,
                        other => other.map(|()| Vec::new()),
                    }
                })$(.$wait)?,
                Frame::ByHand => run_by_hand(steps, versions, conn)$(.$wait)?,
            }
        }

        $($asynchronous)? fn run_by_hand(steps: &[Step], versions: &[u64], conn: &mut $conn) -> QueryResult<Vec<Version>> {
            conn.batch_execute("BEGIN")$(.$wait)??;
            let written = run_all(steps, versions, conn)$(.$wait)?;
            conn.batch_execute(if written.is_ok() { "COMMIT" } else { "ROLLBACK" })$(.$wait)??;
            written
        }

        $($asynchronous)? fn run_all(steps: &[Step], versions: &[u64], conn: &mut $conn) -> QueryResult<Vec<Version>> {
            let mut versions = versions.iter();
            let mut written = Vec::new();
            for step in steps {
                let version = step.declared().and_then(|_| versions.next()).copied().unwrap_or(0);
                written.extend(self::step(step, version, conn)$(.$wait)??);
            }
            Ok(written)
        }
    };
}

pub(super) mod blocking {
    statements!(
        diesel::PgConnection,
        [diesel::connection::Connection, diesel::connection::SimpleConnection, diesel::RunQueryDsl]
    );
}

pub(super) mod awaited {
    statements!(
        cache_diesel::AsyncPgConnection,
        [diesel_async::AsyncConnection, diesel_async::SimpleAsyncConnection, diesel_async::RunQueryDsl],
        async,
        await
    );
}
