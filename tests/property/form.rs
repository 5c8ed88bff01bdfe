//! Which row of the table of writes is running: what a defect may forget.

use std::cell::Cell;

/// Of `docs/invalidation.md`, in its order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    InsertReturning,
    Insert,
    Save,
    Delete,
    Statement,
    PlainInsert,
    PlainUpsert,
    PlainChange,
    /// A statement as text, whatever it does.
    Text,
    Structure,
    Commit,
    ClearDetail,
    ClearList,
    ClearLists,
    ClearManager,
    ClearCache,
}

thread_local! {
    static RUNNING: Cell<Option<Form>> = const { Cell::new(None) };
    static IS_LOOKING_UP: Cell<bool> = const { Cell::new(false) };
}

/// Does `work`, a write of `form`; others may be in the middle of it.
pub fn during<T>(form: Form, work: impl FnOnce() -> T) -> T {
    let outer = RUNNING.replace(Some(form));
    let result = work();
    RUNNING.set(outer);
    result
}

/// Does `work`, a write on a connection that looks a type up in the middle of it, if it `is_looking_up`.
pub fn looking_up<T>(is_looking_up: bool, work: impl FnOnce() -> T) -> T {
    let outer = IS_LOOKING_UP.replace(is_looking_up);
    let result = work();
    IS_LOOKING_UP.set(outer);
    result
}

pub fn is_looking_up() -> bool {
    IS_LOOKING_UP.get()
}

pub fn running() -> Option<Form> {
    RUNNING.get()
}

impl Form {
    pub const ALL: [Self; 16] = [
        Self::InsertReturning,
        Self::Insert,
        Self::Save,
        Self::Delete,
        Self::Statement,
        Self::PlainInsert,
        Self::PlainUpsert,
        Self::PlainChange,
        Self::Text,
        Self::Structure,
        Self::Commit,
        Self::ClearDetail,
        Self::ClearList,
        Self::ClearLists,
        Self::ClearManager,
        Self::ClearCache,
    ];

    /// What it is called in the list of defects.
    pub fn name(self) -> &'static str {
        match self {
            Self::InsertReturning => "a manager's insert that gives the row back",
            Self::Insert => "a manager's insert",
            Self::Save => "a manager's save",
            Self::Delete => "a manager's delete",
            Self::Statement => "a manager's `write`",
            Self::PlainInsert => "a plain insert",
            Self::PlainUpsert => "a plain upsert or replace",
            Self::PlainChange => "a plain update or delete",
            Self::Text => "SQL as text",
            Self::Structure => "a change of structure",
            Self::Commit => "a commit",
            Self::ClearDetail => "`clear_detail`",
            Self::ClearList => "`clear_list`",
            Self::ClearLists => "`clear_lists`",
            Self::ClearManager => "a manager's `clear`",
            Self::ClearCache => "`Cache::clear`",
        }
    }
}
