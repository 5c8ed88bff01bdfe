//! Holds the requests and replies of a store before the query of a load.

use core::time::Duration;

use crate::name::key::CacheKey;
use crate::name::tag::Tag;
use crate::protocol::intent::{Seed, Writer};
use crate::store::{Found, Lease, Seeded, Wanted};

/// A load of something that depends on tags without a token.
#[derive(Clone, Copy, Debug)]
pub struct Starting<'a> {
    /// What is loaded.
    pub key: &'a CacheKey,
    /// What it may depend on, and what that held when it was looked at.
    pub seen: &'a [(Tag, Option<Seed>)],
    /// The tables whose notes are read, each given by its `any`.
    pub tables: &'a [Tag],
    /// Who takes the lease, and for how long.
    pub holder: (Writer, Duration),
}

/// What is known before such a load.
#[derive(Clone, Debug)]
pub struct Started {
    /// The present token of each tag, and the notes beside each table.
    pub seeded: Seeded,
    /// Whether the lease of the load under these tokens was taken.
    pub is_leased: bool,
}

/// What goes before the query of a load.
#[derive(Clone, Copy, Debug)]
pub struct Beginning<'a> {
    /// The lease, its holder, and how long it is taken for.
    pub lease: (Lease, Writer, Duration),
    /// What somebody may have stored meanwhile.
    pub wanted: &'a Wanted<'a>,
    /// What it may depend on.
    pub tags: &'a [Tag],
    /// The tables whose notes are read, each given by its `any`.
    pub tables: &'a [Tag],
}

/// What is known before the query of a load.
#[derive(Clone, Debug)]
pub struct Begun {
    /// Whether the lease was taken; `None`: the store does not say.
    pub is_taken: Option<bool>,
    /// What somebody has stored meanwhile.
    pub found: Option<Found>,
    /// The present token of each tag, and the notes beside each table.
    pub seeded: Seeded,
}
