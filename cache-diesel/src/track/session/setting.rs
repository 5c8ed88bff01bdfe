//! Keeps what sets a connection's session apart from others on the same database.

/// What a session reads and writes that others do not.
#[derive(Clone, Copy, Debug)]
pub(super) struct Setting {
    reach: SettingReach,
    database: SettingName,
}

/// What a statement may mean in the session. Each state includes the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum SettingReach {
    /// What it means in every other session.
    Usual,
    /// Something else than in others.
    Particular,
    /// Something in other databases, too.
    OtherDatabases,
}

/// Whether anybody knows which database the connection is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SettingName {
    Known,
    Unknown,
}

impl Setting {
    pub(super) fn usual() -> Self {
        Self { reach: SettingReach::Usual, database: SettingName::Known }
    }

    /// The same session on a database that has a name.
    pub(super) fn named(mut self) -> Self {
        self.name();
        self
    }

    /// Adds what is known of the session elsewhere.
    pub(super) fn merge(&mut self, other: Self) {
        self.reach = self.reach.max(other.reach);
    }

    pub(super) fn be_particular(&mut self) {
        self.reach = self.reach.max(SettingReach::Particular);
    }

    pub(super) fn reach_others(&mut self) {
        self.reach = SettingReach::OtherDatabases;
    }

    pub(super) fn name(&mut self) {
        self.database = SettingName::Known;
    }

    pub(super) fn lose_name(&mut self) {
        self.database = SettingName::Unknown;
    }

    #[inline]
    pub(super) fn is_particular(self) -> bool {
        self.reach != SettingReach::Usual
    }

    #[inline]
    pub(super) fn is_nameless(self) -> bool {
        self.database == SettingName::Unknown
    }

    /// Whether its writes may be to any database.
    pub(super) fn is_anywhere(self) -> bool {
        self.reach == SettingReach::OtherDatabases || self.is_nameless()
    }
}
