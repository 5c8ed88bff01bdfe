//! Keeps the state of the transaction on a connection, and decides how it changes.

/// The transaction on one connection.
#[derive(Clone, Copy, Debug)]
pub(super) struct TransactionState {
    autocommit: Autocommit,
    certainty: Certainty,
    open: Open,
    undoing: Undoing,
}

/// Which transaction is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Open {
    None,
    /// Diesel's outermost one, which may be about to begin.
    ByDiesel,
    /// One that was begun by a statement, and Diesel's in it.
    ByDieselInByHand,
    /// One that was begun by a statement.
    ByHand,
}

/// Whether statements commit by themselves outside of transactions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Autocommit {
    Off,
    On,
}

/// How sure it is what is open. Each state includes the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Certainty {
    Certain,
    /// A statement in the transaction may have failed unseen, and SQLite ended the transaction with it: writes count
    /// when they return, and at the end. A ROLLBACK that succeeds shows that it was open all along.
    Suspect,
    /// It cannot be told whether a transaction is open: writes count when they return, and at the end.
    Uncertain,
    /// So it stays: autocommit may be off, and nobody knows.
    UncertainForGood,
}

/// What a rollback undoes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Undoing {
    Everything,
    /// Something in the transaction was not understood, and may have committed what went before it.
    InPart,
}

impl TransactionState {
    /// No transaction is open, and statements commit by themselves.
    pub(super) fn none() -> Self {
        Self {
            autocommit: Autocommit::On,
            certainty: Certainty::Certain,
            open: Open::None,
            undoing: Undoing::Everything,
        }
    }

    /// Diesel is about to begin its outermost transaction, or has it open.
    pub(super) fn note_diesels(&mut self) {
        self.open = match self.open {
            Open::None | Open::ByDiesel => Open::ByDiesel,
            Open::ByHand | Open::ByDieselInByHand => Open::ByDieselInByHand,
        };
    }

    /// Diesel has no transaction open.
    pub(super) fn note_none_of_diesels(&mut self) {
        self.open = match self.open {
            Open::None | Open::ByDiesel => Open::None,
            Open::ByHand | Open::ByDieselInByHand => Open::ByHand,
        };
    }

    /// A statement has begun a transaction.
    pub(super) fn note_by_hand(&mut self) {
        self.open = match self.open {
            Open::None | Open::ByHand => Open::ByHand,
            Open::ByDiesel | Open::ByDieselInByHand => Open::ByDieselInByHand,
        };
    }

    /// The transaction that a statement has begun is over.
    pub(super) fn note_none_by_hand(&mut self) {
        self.open = match self.open {
            Open::None | Open::ByHand => Open::None,
            Open::ByDiesel | Open::ByDieselInByHand => Open::ByDiesel,
        };
    }

    /// A BEGIN succeeded: what is open is known again.
    pub(super) fn note_begun(&mut self) {
        self.certainty = self.certainty.at_a_boundary();
        self.undoing = Undoing::Everything;
    }

    /// A BEGIN ended that may have failed: nothing was done in a transaction of its own yet.
    pub(super) fn note_nothing_done(&mut self) {
        if self.certainty == Certainty::Suspect {
            self.certainty = Certainty::Certain;
        }
        self.undoing = Undoing::Everything;
    }

    /// The transaction is over. Diesel tells itself whether it has one open.
    pub(super) fn end(&mut self) {
        self.note_none_by_hand();
        self.note_begun();
    }

    pub(super) fn switch_autocommit(&mut self, autocommit: Autocommit) {
        self.autocommit = autocommit;
    }

    /// A statement in the transaction may have failed unseen.
    pub(super) fn suspect(&mut self) {
        self.certainty = self.certainty.max(Certainty::Suspect);
    }

    /// Nobody can tell any more what is open.
    pub(super) fn lose_track(&mut self) {
        self.certainty = self.certainty.max(Certainty::Uncertain);
    }

    /// Nobody will ever be able to tell what is open.
    pub(super) fn lose_track_for_good(&mut self) {
        self.certainty = Certainty::UncertainForGood;
    }

    /// Something in the transaction was not understood.
    pub(super) fn note_unread(&mut self) {
        self.undoing = Undoing::InPart;
    }

    /// Whether what is written waits for a commit, as far as is known.
    #[inline]
    pub(super) fn is_open(&self) -> bool {
        self.open != Open::None || self.autocommit == Autocommit::Off
    }

    pub(super) fn is_diesels(&self) -> bool {
        matches!(self.open, Open::ByDiesel | Open::ByDieselInByHand)
    }

    pub(super) fn is_begun(&self) -> bool {
        self.open != Open::None
    }

    pub(super) fn is_autocommit_off(&self) -> bool {
        self.autocommit == Autocommit::Off
    }

    /// Whether MySQL would commit something with a BEGIN.
    pub(super) fn is_ended_by_begin(&self) -> bool {
        let is_by_hand = matches!(self.open, Open::ByHand | Open::ByDieselInByHand);
        is_by_hand || self.is_autocommit_off() || self.is_uncertain()
    }

    /// Whether nobody can tell if a transaction is open.
    #[inline]
    pub(super) fn is_uncertain(&self) -> bool {
        self.certainty >= Certainty::Uncertain
    }

    /// Whether the transaction may have ended without anybody being told.
    pub(super) fn may_have_ended(&self) -> bool {
        self.certainty != Certainty::Certain
    }

    /// Whether a rollback that succeeds may leave something committed.
    pub(super) fn may_outlive_rollback(&self) -> bool {
        self.undoing == Undoing::InPart || self.is_uncertain()
    }

    /// Whether everything in the transaction was understood, and it is open for sure.
    pub(super) fn is_clear(&self) -> bool {
        self.certainty == Certainty::Certain && self.undoing == Undoing::Everything
    }
}

impl Certainty {
    /// The certainty where a transaction begins or ends.
    fn at_a_boundary(self) -> Self {
        if self == Self::UncertainForGood { self } else { Self::Certain }
    }
}
