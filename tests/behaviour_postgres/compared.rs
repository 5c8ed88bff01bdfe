//! Types of PostgreSQL's own, as keys and as scopes.

use uuid::Uuid;

use crate::suite::compared::{EXACT, compared};

mod sql {}

fn uuids() -> [Uuid; 3] {
    [0, 1, u128::MAX].map(Uuid::from_u128)
}

compared!(uuids_, of_uuids, OfUuids, Uuid, "UUID", Uuid, uuids(), EXACT);
