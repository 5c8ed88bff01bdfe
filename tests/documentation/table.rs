//! Reads which modules a table of ARCHITECTURE.md names.

/// The modules of one crate.
pub(crate) struct ModuleTable {
    /// The folder of the crate.
    pub(crate) title: String,
    pub(crate) rows: Vec<Row>,
}

/// A row: modules, and what they do.
pub(crate) struct Row {
    /// The names in the first cell.
    pub(crate) modules: Vec<String>,
    /// The names in any cell.
    pub(crate) names: Vec<String>,
}

impl ModuleTable {
    /// Whether a row names `module`: by its path, as `parent/*`, by its name where the row names its parent, or by a part
    /// of it.
    pub(crate) fn has(&self, module: &str) -> bool {
        self.rows.iter().any(|row| row.modules.iter().any(|named| row.covers(named, module)))
    }
}

impl Row {
    fn covers(&self, named: &str, module: &str) -> bool {
        let parent = named.trim_end_matches("/*");
        let part = module.strip_prefix(parent).and_then(|rest| rest.strip_prefix('/'));
        let is_in_folder = parent != named && part.is_some();
        let is_listed = part.is_some_and(|part| self.names.iter().any(|name| name == part));
        let is_face = named.strip_prefix(module).is_some_and(|rest| rest.starts_with('/'));
        named == module || is_in_folder || is_listed || is_face
    }
}
