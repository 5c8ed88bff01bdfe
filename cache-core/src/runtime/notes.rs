//! Places and releases the tags of a write, and acts on foreign notes beside tables as `protocol::notes` decides.

use crate::clock::Timestamp;
use crate::name::tables::TableDeclaration;
use crate::name::tag::{Tag, TagKind, Token};
use crate::observe::operation::Operation;
use crate::protocol::fill::SeededTag;
use crate::protocol::notes::{NoteState, Notes, Remark};
use crate::runtime::guard::{CallFailure, GuardedStore};
use crate::store::{
    NoteStore, Outcome, Placing, Release, Released, Releasing, Seed, Seeded, Store, Writer, same_length,
};

/// A write that is over, or may still be under way, and what is known of other programs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EndedWrite<'a> {
    pub(crate) writer: Writer,
    pub(crate) releases: &'a [Release],
    /// What this process declares of the tables that were written in part.
    pub(crate) declared: &'a [TableDeclaration],
    pub(crate) outcome: Outcome,
    /// Tags out of those that change, each with a token that it may have held until then.
    pub(crate) held: &'a [(Tag, Token)],
}

/// What a fill may do after its tokens were read.
pub(crate) enum FillStart {
    /// Go on.
    Ready(Vec<Seed>),
    /// Read them again: notes were lost.
    Again,
    /// Store nothing: some writer may not know of it.
    Unripe,
}

/// The tables of which others declare something else, and what became of the tokens that were asked about.
type ReleasedWithNotes = (Vec<TableDeclaration>, Vec<Option<Token>>);

/// All tags that stand for one of `tables` as a whole, but for `any`.
fn wide_tags(tables: &[TableDeclaration]) -> Vec<Tag> {
    tables.iter().flat_map(|declared| declared.table.wide()).collect()
}

impl GuardedStore {
    /// Places intents.
    pub(crate) fn place(&self, writer: Writer, tags: &[Tag], now: Timestamp) -> Result<(), CallFailure> {
        let placing = Placing::new(writer, tags, self.policy.intent_life);
        self.call(Operation::Place, |store| store.place(&placing, now)).map(drop)
    }

    /// Releases what was written, and the whole of tables of which others declare something else. Gives the present token
    /// of each tag in `held` that held the token there until then.
    pub(crate) fn release(&self, over: &EndedWrite<'_>) -> Result<Vec<Option<Token>>, CallFailure> {
        if over.declared.is_empty() || !self.keeps_notes() {
            return Ok(self.release_once(over, &[])?.replaced);
        }
        let (foreign, replaced) = self.release_noted(over)?;
        if foreign.is_empty() {
            return Ok(replaced);
        }
        // A name of its own: what is claimed in another's may arrive late, and is not dropped.
        let claimer = Writer::fresh();
        let claimed = self.claim(claimer, &foreign);
        self.widen(over.writer, &foreign, over.outcome)?;
        self.forget(claimer, &claimed);
        // What was changed once more has another token by now.
        let wide = wide_tags(&foreign);
        let is_still = |(replaced, (tag, _)): (Option<Token>, &(Tag, Token))| replaced.filter(|_| !wide.contains(tag));
        Ok(replaced.into_iter().zip(over.held).map(is_still).collect())
    }

    fn release_noted(&self, over: &EndedWrite<'_>) -> Result<ReleasedWithNotes, CallFailure> {
        let changed = over.releases.iter().filter(|release| release.changes_any());
        let tables: Vec<Tag> = changed.map(|release| release.tag).collect();
        let Released { replaced, notes } = self.release_once(over, &tables)?;
        Ok((Notes::foreign(over.declared, &tables.into_iter().zip(notes).collect::<Vec<_>>()), replaced))
    }

    /// Releases in one call, and reads the notes beside `tables`.
    fn release_once(&self, over: &EndedWrite<'_>, tables: &[Tag]) -> Result<Released, CallFailure> {
        let (writer, releases, held, now) = (over.writer, over.releases, over.held, self.now());
        self.call(Operation::Release, |store| match store.comparer().filter(|_| !held.is_empty()) {
            Some(store) => {
                let releasing = Releasing { writer, releases, held, tables };
                store.release_comparing(&releasing, now)?.of_length(held.len(), tables.len())
            }
            None => {
                let notes = same_length(store.release(writer, releases, tables, now)?, tables.len())?;
                Ok(Released { replaced: vec![None; held.len()], notes })
            }
        })
    }

    /// Changes the wide tags of `tables`, whose foreign notes are claimed.
    fn widen(&self, writer: Writer, tables: &[TableDeclaration], outcome: Outcome) -> Result<(), CallFailure> {
        let releases: Vec<Release> = wide_tags(tables).into_iter().map(|tag| Release { tag, outcome }).collect();
        self.release_unnoted(writer, &releases)
    }

    /// Releases, and reads no notes.
    fn release_unnoted(&self, writer: Writer, releases: &[Release]) -> Result<(), CallFailure> {
        let now = self.now();
        self.call(Operation::Release, |store| store.release(writer, releases, &[], now)).map(drop)
    }

    /// Claims foreign notes. Gives the tables of which that is certain.
    ///
    /// Of others they may be claimed later yet, when somebody has filled by them since: such a claim must not be followed
    /// by a drop. Notes that stay cost the next writer the same. After the first that fails nobody is asked for the others:
    /// whoever claims has more to do.
    fn claim(&self, writer: Writer, tables: &[TableDeclaration]) -> Vec<TableDeclaration> {
        let claimed = |declared: &TableDeclaration| {
            let claim = Remark::Claim { own: declared.fingerprint, writer };
            self.remark(declared, claim, Operation::Release).ok().map(|_| *declared)
        };
        tables.iter().map_while(claimed).collect()
    }

    /// Drops the notes that are still claimed, now that all entries by them are gone.
    fn forget(&self, writer: Writer, tables: &[TableDeclaration]) {
        for declared in tables {
            drop(self.remark(declared, Remark::Forget(writer), Operation::Release));
        }
    }

    fn remark(&self, declared: &TableDeclaration, remark: Remark, operation: Operation) -> Result<bool, CallFailure> {
        let (any, now) = (declared.table.whole(TagKind::Any), self.now());
        self.call_notes(operation, |notes| notes.remark(&any, remark, now))
    }

    fn call_notes(
        &self,
        operation: Operation,
        work: impl FnOnce(&dyn NoteStore) -> crate::error::Result<bool>,
    ) -> Result<bool, CallFailure> {
        self.call_shared(operation, |store| store.notes().map_or(Ok(true), work))
    }

    /// The tokens of `tags`, and then a note beside each table in `declared`.
    pub(crate) fn prepare(&self, tags: &[Tag], declared: &[TableDeclaration]) -> Result<FillStart, CallFailure> {
        let (tables, now) = (self.noted(declared), self.now());
        let seed = |store: &dyn Store| store.seed(tags, &tables, now)?.of_length(tags.len(), tables.len());
        self.settle(tags, self.call(Operation::Seed, seed)?, declared)
    }

    /// Whether a fill under the tokens that it has `seen` may go by what is `declared` without asking for notes.
    pub(crate) fn knows_notes(&self, seen: &[SeededTag], declared: &[TableDeclaration]) -> bool {
        !self.keeps_notes() || self.found_notes.stand(declared, seen, self.now())
    }

    /// The tables in `declared` that others may have noted something of, each by its `any`.
    pub(crate) fn noted(&self, declared: &[TableDeclaration]) -> Vec<Tag> {
        if declared.is_empty() || !self.keeps_notes() {
            return Vec::new();
        }
        declared.iter().map(|declared| declared.table.whole(TagKind::Any)).collect()
    }

    /// What a fill may do under the tokens of `tags`, after which the notes beside the tables in `declared` were read.
    pub(crate) fn settle(
        &self,
        tags: &[Tag],
        seeded: Seeded,
        declared: &[TableDeclaration],
    ) -> Result<FillStart, CallFailure> {
        let (mut is_ripe, mut is_lost) = (true, false);
        for (declared, notes) in declared.iter().zip(&seeded.notes) {
            let (own, now) = (declared.fingerprint, self.now());
            match Notes::standing(notes.as_ref(), own) {
                NoteState::Noted => {}
                NoteState::Unnoted => is_ripe &= self.remark(declared, Remark::Note(own), Operation::Seed)?,
                NoteState::Lost => {
                    is_lost = true;
                    is_ripe &= self.call_notes(Operation::Seed, |notes| notes.restore(&declared.table, own, now))?;
                }
            }
        }
        Ok(match (is_ripe, is_lost) {
            (false, _) => FillStart::Unripe,
            (true, true) => FillStart::Again,
            (true, false) => {
                if !seeded.notes.is_empty() {
                    let read: Vec<SeededTag> = tags.iter().copied().zip(seeded.seeds.iter().copied()).collect();
                    self.found_notes.keep(&read, declared, self.now());
                }
                FillStart::Ready(seeded.seeds)
            }
        })
    }
}
