//! Reads a page of the documentation: its prose, its headings, its links and the names in it.

use std::fs;
use std::path::{Path, PathBuf};

use crate::table::{ModuleTable, Row};

/// A page of the repository.
pub(crate) struct Page {
    pub(crate) path: PathBuf,
    /// The lines, those of code blocks empty.
    prose: Vec<String>,
}

/// A piece of code in the prose.
pub(crate) struct Code {
    pub(crate) line: usize,
    pub(crate) text: String,
}

impl Page {
    pub(crate) fn read(path: &Path) -> Self {
        let text = fs::read_to_string(path).unwrap();
        let mut is_code = false;
        let mut prose = Vec::new();
        for line in text.lines() {
            let is_fence = line.trim_start().starts_with("```");
            prose.push(if is_code || is_fence { String::new() } else { line.to_owned() });
            is_code ^= is_fence;
        }
        Self { path: path.to_owned(), prose }
    }

    /// Every page at the root of the repository and in `docs`.
    pub(crate) fn all() -> Vec<Self> {
        let root = root();
        let mut paths: Vec<PathBuf> =
            [root.clone(), root.join("docs")].iter().flat_map(|folder| pages_in(folder)).collect();
        paths.sort();
        paths.iter().map(|path| Self::read(path)).collect()
    }

    /// What its headings are called in links, as GitHub makes it of them.
    pub(crate) fn anchors(&self) -> Vec<String> {
        let headings = self.prose.iter().filter(|line| line.starts_with('#'));
        headings.map(|line| anchor(line.trim_start_matches('#').trim())).collect()
    }

    /// The code in its prose.
    pub(crate) fn code(&self) -> Vec<Code> {
        code_in(&self.prose.join("\n"), 1)
    }

    /// The tables that begin with the name of a crate.
    pub(crate) fn module_tables(&self) -> Vec<ModuleTable> {
        let mut tables: Vec<ModuleTable> = Vec::new();
        let mut is_inside = false;
        for pair in self.prose.windows(2) {
            let title = pair[0].split('|').nth(1).map(|title| title.trim().trim_matches('`').to_owned());
            let package = title.filter(|title| !title.is_empty() && root().join(title).join("src").is_dir());
            if let Some(title) = package.filter(|_| pair[1].starts_with("|---")) {
                tables.push(ModuleTable { title, rows: Vec::new() });
                is_inside = true;
            } else if let Some(table) = tables.last_mut().filter(|_| is_inside && pair[0].starts_with('|')) {
                table.rows.push(row(&pair[0]));
            } else {
                is_inside = false;
            }
        }
        tables
    }

    /// The targets of its links, those to other sites left out.
    pub(crate) fn links(&self) -> Vec<String> {
        let text = self.prose.join("\n");
        let targets =
            text.split("](").skip(1).filter_map(|rest| rest.split_once(')').map(|(target, _)| target.to_owned()));
        targets.filter(|target| !target.contains("://") && !target.contains(char::is_whitespace)).collect()
    }
}

/// The code in a piece of prose that begins in line `line`.
fn code_in(prose: &str, mut line: usize) -> Vec<Code> {
    let mut code = Vec::new();
    for (place, text) in prose.split('`').enumerate() {
        if place % 2 == 1 {
            code.push(Code { line, text: text.to_owned() });
        }
        line += text.matches('\n').count();
    }
    code
}

fn row(line: &str) -> Row {
    let names = |cells: &str| code_in(cells, 0).into_iter().map(|code| code.text).collect();
    let first = line.trim_start_matches('|').split('|').next().unwrap_or_default();
    Row { modules: names(first), names: names(line) }
}

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn pages_in(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.extension().is_some_and(|extension| extension == "md")).collect()
}

fn anchor(heading: &str) -> String {
    let kept = heading.chars().filter(|letter| letter.is_alphanumeric() || matches!(letter, '-' | '_' | ' '));
    kept.flat_map(char::to_lowercase).map(|letter| if letter == ' ' { '-' } else { letter }).collect()
}
