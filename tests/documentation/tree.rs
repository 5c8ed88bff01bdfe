//! Reads which files the repository has, and what they define.

use std::collections::HashSet;
use std::fs;
use std::path::Path;

use crate::page::root;

/// The files of the repository.
pub(crate) struct Tree {
    sources: Vec<Source>,
    /// Files and folders by their paths, those of Rust files without the extension too.
    paths: HashSet<String>,
}

/// A file of Rust.
struct Source {
    path: String,
    defined: HashSet<String>,
    words: HashSet<String>,
}

impl Tree {
    pub(crate) fn read() -> Self {
        let mut tree = Self { sources: Vec::new(), paths: HashSet::new() };
        tree.add_folder(&root(), "");
        tree
    }

    fn add_folder(&mut self, folder: &Path, prefix: &str) {
        for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let name = entry.file_name().into_string().unwrap();
            let path = format!("{prefix}{name}");
            if name.starts_with('.') && name != ".ci" || name == "target" {
                continue;
            }
            if entry.file_type().unwrap().is_dir() {
                self.add_folder(&entry.path(), &format!("{path}/"));
            } else if let Some(stem) = path.strip_suffix(".rs") {
                self.sources.push(Source::read(&entry.path(), stem));
                self.paths.insert(stem.to_owned());
            }
            self.paths.insert(path);
        }
    }

    /// Whether `word` is the end of a path, the name of something that is defined, or `holder::name`.
    pub(crate) fn has(&self, word: &str) -> bool {
        match word.rsplit_once("::") {
            Some((holder, name)) => {
                let holder = holder.rsplit("::").next().unwrap_or(holder);
                self.sources.iter().any(|source| source.defined.contains(name) && source.is_about(holder))
            }
            None => self.has_path(word) || self.sources.iter().any(|source| source.defined.contains(word)),
        }
    }

    /// Whether a path ends with `pattern`, in which `*` and `<name>` stand for anything within a name.
    fn has_path(&self, pattern: &str) -> bool {
        let pattern = pattern.replace("<name>", "*");
        let wanted: Vec<&str> = pattern.split('/').collect();
        self.paths.iter().any(|path| {
            let parts: Vec<&str> = path.split('/').collect();
            let from = parts.len().checked_sub(wanted.len());
            from.is_some_and(|from| parts[from..].iter().zip(&wanted).all(|(part, wanted)| matches(part, wanted)))
        })
    }

    /// The modules of the crate in the folder `package`, as their paths within it; modules of tests are left out.
    pub(crate) fn modules(&self, package: &str) -> Vec<String> {
        let prefix = format!("{package}/src/");
        let within = self.sources.iter().filter_map(|source| source.path.strip_prefix(&prefix));
        let modules = within.filter(|module| *module != "lib" && !module.split('/').any(|part| part == "tests"));
        let mut modules: Vec<String> = modules.map(|module| module.trim_end_matches("/mod").to_owned()).collect();
        modules.sort();
        modules
    }
}

impl Source {
    fn read(path: &Path, stem: &str) -> Self {
        const KEYWORDS: [&str; 9] = ["const", "enum", "fn", "macro_rules", "mod", "static", "struct", "trait", "type"];
        let text = fs::read_to_string(path).unwrap();
        let is_word = |letter: char| letter.is_alphanumeric() || letter == '_';
        let mut source = Self { path: stem.to_owned(), defined: HashSet::new(), words: HashSet::new() };
        for line in text.lines() {
            let words: Vec<&str> = line.split(|letter| !is_word(letter)).filter(|word| !word.is_empty()).collect();
            let after_keyword = words.windows(2).filter(|pair| KEYWORDS.contains(&pair[0])).map(|pair| pair[1]);
            // The variants of enums.
            let first = words.first().copied().filter(|word| line.trim_start().starts_with(*word));
            let variant = first.filter(|word| word.starts_with(char::is_uppercase));
            source.defined.extend(after_keyword.chain(variant).map(str::to_owned));
            source.words.extend(words.into_iter().map(str::to_owned));
        }
        source
    }

    /// Whether this is the module `holder` or a part of it, or says something of the type `holder`.
    fn is_about(&self, holder: &str) -> bool {
        self.path.split('/').any(|part| part == holder) || self.words.contains(holder)
    }
}

fn matches(part: &str, wanted: &str) -> bool {
    match wanted.split_once('*') {
        Some((start, end)) => part.len() >= start.len() + end.len() && part.starts_with(start) && part.ends_with(end),
        None => part == wanted,
    }
}
