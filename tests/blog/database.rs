//! PostgreSQL, which has a type for UUIDs.

pub(crate) type Conn = diesel::PgConnection;
pub(crate) use diesel::sql_types::Uuid as Key;
pub(crate) use uuid::Uuid as Id;

pub(crate) const fn id_of(uuid: Id) -> Id {
    uuid
}
