//! Reads a page of the documentation: its prose, its headings and its links.

use std::fs;
use std::path::{Path, PathBuf};

/// A page of the repository.
pub(crate) struct Page {
    pub(crate) path: PathBuf,
    /// The lines outside of code blocks.
    prose: Vec<String>,
}

impl Page {
    pub(crate) fn read(path: &Path) -> Self {
        let text = fs::read_to_string(path).unwrap();
        let mut is_code = false;
        let mut prose = Vec::new();
        for line in text.lines() {
            let is_fence = line.trim_start().starts_with("```");
            if !is_code && !is_fence {
                prose.push(line.to_owned());
            }
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

    /// The targets of its links, those to other sites left out.
    pub(crate) fn links(&self) -> Vec<String> {
        let text = self.prose.join("\n");
        let targets =
            text.split("](").skip(1).filter_map(|rest| rest.split_once(')').map(|(target, _)| target.to_owned()));
        targets.filter(|target| !target.contains("://") && !target.contains(char::is_whitespace)).collect()
    }
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
