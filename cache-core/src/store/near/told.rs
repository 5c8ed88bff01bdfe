//! Applies pushes, changes of the link and own writes to near memory.

use crate::clock::Timestamp;
use crate::name::key::Fingerprint;
use crate::name::tag::{Tag, Token};
use crate::store::near::NearMemory;
use crate::store::near::book::Book;
use crate::store::track::Incarnation;

impl NearMemory {
    /// The link is gone, or is made anew: nothing is kept, and nothing is served until it is [tracked](Self::tracked).
    ///
    /// Trust ends first: what is marked afterwards is not served meanwhile.
    pub(super) fn disconnected(&self) {
        self.trust.end();
        let mut book = self.book();
        book.near.connect();
        book.incarnation = None;
        book.mark_all();
        drop(book);
        self.entries.clear();
    }

    /// The server tells of all changes from now on; it was asked to at `sent_at`, and at `sent_by_wall`.
    pub(super) fn tracked(&self, incarnation: Option<Incarnation>, sent_at: Timestamp, sent_by_wall: Timestamp) {
        let mut book = self.book();
        book.incarnation = incarnation;
        let epoch = book.near.epoch();
        book.near.tracking(epoch, sent_at);
        self.trust_as(&book, sent_by_wall);
        self.ledger.count_link();
    }

    /// The server has answered a heartbeat that was sent at `sent_at`, and at `sent_by_wall`, with these tokens of
    /// [polled](Self::polled) tags.
    ///
    /// What the answer does not confirm is marked before trust goes on.
    pub(super) fn heard(
        &self,
        (sent_at, sent_by_wall): (Timestamp, Timestamp),
        polled: &[(Fingerprint, Option<Token>)],
    ) {
        let mut book = self.book();
        let epoch = book.near.epoch();
        let forgotten = book.near.heartbeat(epoch, sent_at, polled);
        forgotten.into_iter().for_each(|tag| book.mark_unless_known(tag));
        self.trust_as(&book, sent_by_wall);
    }

    /// The tags that a heartbeat has to ask for.
    pub(super) fn polled(&self) -> Vec<Fingerprint> {
        self.book().near.polled().collect()
    }

    /// The server has forgotten everything, and the link goes on.
    pub(super) fn forget(&self) {
        let mut book = self.book();
        book.near.forget();
        book.mark_all();
        drop(book);
        self.entries.clear();
    }

    pub(super) fn count_told(&self, tags: usize) {
        self.ledger.count_told(tags);
    }

    fn trust_as(&self, book: &Book, sent_by_wall: Timestamp) {
        self.trust.extend(book.near.trusted_until(), sent_by_wall);
    }
}

/// A call that changes tags: before it returns, whatever becomes of it, this process has forgotten their tokens.
pub(in crate::store) struct Overtaken<'a> {
    memory: &'a NearMemory,
    tags: Vec<Tag>,
}

impl<'a> Overtaken<'a> {
    pub(in crate::store) fn new(memory: &'a NearMemory, tags: impl Iterator<Item = Tag>) -> Self {
        Self { memory, tags: tags.collect() }
    }
}

impl Drop for Overtaken<'_> {
    fn drop(&mut self) {
        self.memory.changed(self.tags.iter().map(Tag::fingerprint));
    }
}
