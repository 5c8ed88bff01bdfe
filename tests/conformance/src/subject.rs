//! A store under test: what a test can do with it, and to the server behind it.

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use cache_core::store::{Found, Outcome, Placing, Put, Release, Seed, Store, Stored, Wanted, Writer};
use cache_core::{
    CacheKey, Clock, Codec, Database, Encode, Fingerprint, KeyBytes, Kind, Life, Result, Tag, Timeout, Timestamp,
    Token, Value, Worth,
};

use crate::Time;

/// A store under test and the time that it goes by.
#[derive(Debug)]
pub struct Subject {
    store: Arc<dyn Store>,
    time: Time,
    unit: Duration,
    frail: Option<Box<dyn Frail>>,
    may_wait: bool,
}

/// What a test ends with that would wait, and may not.
#[derive(Debug)]
pub(crate) struct Waits;

/// What can happen to a store that several processes share, and a test can make happen.
pub trait Frail: Debug + Send + Sync {
    /// The store as another process sees it, under the same prefix or, as another program, under `prefix`.
    fn peer(&self, prefix: Option<&str>) -> Arc<dyn Store>;

    /// Loses a tag's token.
    fn lose_token(&self, tag: &Tag);

    /// Loses the intents beside a tag.
    fn lose_intents(&self, tag: &Tag);

    /// The bytes that are kept of an entry.
    fn bytes(&self, key: &CacheKey) -> Option<Vec<u8>>;

    /// Puts other bytes where an entry's are.
    fn overwrite(&self, key: &CacheKey, bytes: Vec<u8>);

    /// Lets the server go on in another life, with everything that it held or with nothing.
    fn live_again(&self, holding: Holding);

    /// Drops the connection.
    fn disconnect(&self);

    /// How many round trips there were.
    fn round_trips(&self) -> u64;
}

/// What a server holds when it begins another life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holding {
    /// What it held before.
    Everything,
    /// Nothing.
    Nothing,
}

/// A value of any bytes, written as they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blob(pub Vec<u8>);

impl Encode for Blob {
    fn encode(&self, bytes: &mut Vec<u8>) -> Result<()> {
        bytes.extend(&self.0);
        Ok(())
    }

    fn decode(bytes: &mut &[u8]) -> Result<Self> {
        Ok(Self(core::mem::take(bytes).to_vec()))
    }
}

/// Writes and reads [`Blob`]s.
#[must_use]
pub const fn codec() -> Codec {
    Codec::of::<Blob, Blob>()
}

/// The key of an entry, in the shard of the [`tag`]s of rows.
#[must_use]
pub fn key(id: u64) -> CacheKey {
    let part = Fingerprint::of(&[b"test"]).in_shard(tag(id).shard());
    CacheKey { space: part, manager: part, kind: Kind::Detail, id: KeyBytes::of(&id) }
}

/// The tag of a row.
#[must_use]
pub fn tag(id: u64) -> Tag {
    Database::named("test").table("t").row(KeyBytes::of(&id))
}

/// A value that is there.
#[must_use]
pub fn shared(bytes: &[u8]) -> Value {
    Value::Shared(Arc::new(Blob(bytes.to_vec())))
}

/// The bytes of a value that is there.
#[must_use]
pub fn bytes_of(value: &Value) -> Option<Vec<u8>> {
    match value {
        Value::Shared(value) => value.downcast_ref::<Blob>().map(|blob| blob.0.clone()),
        _ => None,
    }
}

impl Subject {
    /// A store, and the time that it and its server go by.
    pub fn new(store: impl Store, time: Time) -> Self {
        Self { store: Arc::new(store), time, unit: Duration::from_secs(1), frail: None, may_wait: true }
    }

    /// Says that a unit of a test's time is `unit` instead of a second: for stores that go by real time.
    #[must_use]
    pub const fn unit(mut self, unit: Duration) -> Self {
        self.unit = unit;
        self
    }

    /// Says what can be made to happen to the store.
    #[must_use]
    pub fn frail(mut self, frail: impl Frail + 'static) -> Self {
        self.frail = Some(Box::new(frail));
        self
    }

    /// The same test in another process, or another program.
    #[must_use]
    pub fn peer(&self, prefix: Option<&str>) -> Self {
        let (store, time) = (self.hand().peer(prefix), self.time.clone());
        Self { store, time, unit: self.unit, frail: None, may_wait: self.may_wait }
    }

    /// What can be made to happen to the store.
    ///
    /// # Panics
    ///
    /// If nobody said.
    #[must_use]
    pub fn hand(&self) -> &dyn Frail {
        self.frail.as_deref().expect("this contract is for stores that can be made to lose things")
    }

    /// The store.
    #[must_use]
    pub fn store(&self) -> &dyn Store {
        &*self.store
    }

    /// The time.
    #[must_use]
    pub const fn time(&self) -> &Time {
        &self.time
    }

    /// The present moment.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.time.now()
    }

    /// So many units of time.
    #[must_use]
    pub fn units(&self, count: u32) -> Duration {
        self.unit * count
    }

    /// The same, with units that are so many times as long.
    #[must_use]
    pub fn slower(mut self, times: u32) -> Self {
        self.unit *= times;
        self
    }

    /// The same, in a test that ends when it would wait.
    #[must_use]
    pub(crate) fn that_does_not_wait(mut self) -> Self {
        self.may_wait = false;
        self
    }

    /// Lets so many units of time pass.
    pub fn pass(&self, count: u32) {
        if !self.may_wait {
            std::panic::resume_unwind(Box::new(Waits));
        }
        self.time.pass(self.units(count));
    }

    /// The present state of a tag, put there if it had none.
    #[must_use]
    pub fn seed(&self, tag: Tag) -> Seed {
        self.store.seed(&[tag], &[], self.now()).unwrap().seeds[0]
    }

    /// The present token of a tag, as an entry depends on it.
    #[must_use]
    pub fn under(&self, tag: Tag) -> (Tag, Token) {
        (tag, self.seed(tag).token)
    }

    /// Stores an entry that lives for a hundred units.
    pub fn put(&self, id: u64, tokens: Vec<(Tag, Token)>) -> Stored {
        self.put_value(id, shared(b"value"), tokens, Timeout::after(self.units(100)))
    }

    /// Stores a value for a while.
    pub fn put_value(&self, id: u64, value: Value, tokens: Vec<(Tag, Token)>, timeout: Timeout) -> Stored {
        let life = Life::starting(self.now(), timeout);
        let weight = bytes_of(&value).map_or(8, |bytes| bytes.len());
        let put = Put { key: key(id), value, life, tokens, weight, codec: Some(codec()) };
        self.store.put(vec![put], None, self.now()).unwrap()[0]
    }

    /// Looks an entry up without saying what it depends on.
    #[must_use]
    pub fn find(&self, id: u64) -> Option<Found> {
        self.find_knowing(id, &Vec::new)
    }

    /// Looks an entry up as one that may depend on `tags`.
    #[must_use]
    pub fn find_knowing(&self, id: u64, tags: &dyn Fn() -> Vec<Tag>) -> Option<Found> {
        let wanted = Wanted { key: key(id), tags: &tags, codec: Some(codec()) };
        self.store.look(&[wanted], self.now()).unwrap().remove(0).found
    }

    /// What an entry is worth.
    #[must_use]
    pub fn worth(&self, id: u64) -> Option<Worth> {
        self.find(id).map(|found| found.worth)
    }

    /// Whether an entry is served.
    #[must_use]
    pub fn serves(&self, id: u64) -> bool {
        self.worth(id) == Some(Worth::Fresh)
    }

    /// Places an intent for so many units.
    pub fn place(&self, writer: Writer, tag: Tag, units: u32) {
        self.store.place(&Placing::new(writer, &[tag], self.units(units)), self.now()).unwrap();
    }

    /// Ends an intent.
    pub fn release(&self, writer: Writer, tag: Tag, outcome: Outcome) {
        self.store.release(writer, &[Release { tag, outcome }], &[], self.now()).unwrap();
    }

    /// Changes a tag, as a writer does that placed no intent.
    pub fn change(&self, tag: Tag) {
        self.release(Writer::fresh(), tag, Outcome::Changed);
    }
}

/// Looks up what a store holds, whatever else it tells of it.
pub trait Finds {
    /// What is found of each.
    ///
    /// # Errors
    ///
    /// If the store cannot be read.
    fn find_many(&self, wanted: &[Wanted<'_>], now: Timestamp) -> Result<Vec<Option<Found>>>;

    /// What is found of one.
    ///
    /// # Errors
    ///
    /// If the store cannot be read.
    fn find_one(&self, wanted: &Wanted<'_>, now: Timestamp) -> Result<Option<Found>> {
        Ok(self.find_many(core::slice::from_ref(wanted), now)?.remove(0))
    }
}

impl<S: Store + ?Sized> Finds for S {
    fn find_many(&self, wanted: &[Wanted<'_>], now: Timestamp) -> Result<Vec<Option<Found>>> {
        Ok(self.look(wanted, now)?.into_iter().map(|looked| looked.found).collect())
    }
}
