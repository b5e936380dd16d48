//! The documents themselves: every path, link and test that they name is there, and the words that `docs/style.md` forbids are
//! not.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use support::{ok, repository};

/// Words that hide who acts, or how many. `docs/style.md` says what to write instead.
const FORBIDDEN: [&str; 6] = ["whoever", "somebody", "nobody's", "so many", "is let come", "told"];

/// Where the list of forbidden words is code.
const THIS_FILE: &str = "tests/repository/docs/prose.rs";

/// Folders in which code is held to the same: its comments, names and texts.
const CODE: [&str; 5] = ["example-plugins", "host", "plugin-sdk", "tests", "wit"];

/// Extensions of files that a document may name by the end of their path alone.
const BY_THEIR_END: [&str; 3] = ["rs", "md", "wit"];

/// Every file and folder of the repository, relative to it, but for what is built or hidden.
fn tree() -> BTreeSet<PathBuf> {
    fn walk(folder: &Path, root: &Path, found: &mut BTreeSet<PathBuf>) {
        for entry in ok(fs::read_dir(folder), "a folder") {
            let path = ok(entry, "an entry").path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let hidden =
                name.starts_with('.') && ![".ci", ".cargo", ".github", ".editorconfig"].contains(&name.as_str());
            if hidden || name == "target" || name == "analyte-data" {
                continue;
            }
            found.insert(path.strip_prefix(root).unwrap_or(&path).to_owned());
            if path.is_dir() {
                walk(&path, root, found);
            }
        }
    }
    let (root, mut found) = (repository(), BTreeSet::new());
    walk(&root, &root, &mut found);
    found
}

fn extension(path: &Path) -> &str {
    path.extension().and_then(|end| end.to_str()).unwrap_or_default()
}

fn read(path: &Path) -> String {
    ok(fs::read_to_string(repository().join(path)), "a file of the repository")
}

/// The documents, with their text.
fn documents(tree: &BTreeSet<PathBuf>) -> Vec<(&Path, String)> {
    tree.iter().filter(|path| extension(path) == "md").map(|path| (path.as_path(), read(path))).collect()
}

/// A document without its blocks of code.
fn without_blocks(text: &str) -> String {
    let mut inside = false;
    let outside = |line: &&str| {
        let fence = line.trim_start().starts_with("```");
        let kept = !inside && !fence;
        inside ^= fence;
        kept
    };
    text.lines().filter(outside).collect::<Vec<_>>().join("\n")
}

/// What stands between backticks, and what does not.
fn code_and_prose(text: &str) -> (Vec<&str>, String) {
    let code = text.split('`').skip(1).step_by(2).collect();
    (code, text.split('`').step_by(2).collect::<Vec<_>>().join(" "))
}

/// Forbidden words in a text, each with what stands before it.
fn forbidden(prose: &str) -> Vec<String> {
    let text = prose.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ");
    let letter = |c: char| c.is_alphanumeric();
    let mut found = Vec::new();
    for word in FORBIDDEN {
        for (at, _) in text.match_indices(word) {
            let (before, after) = text.split_at(at);
            let rest = after.strip_prefix(word).unwrap_or_default();
            if before.ends_with(letter) || rest.starts_with(letter) {
                continue;
            }
            let context: Vec<char> = before.chars().rev().take(40).collect();
            found.push(format!("{}[{word}]", context.iter().rev().collect::<String>()));
        }
    }
    found
}

/// The names and texts in the code of a source file, with every word of a name by itself. Without the names under which
/// something is stored: what is on disk cannot be renamed.
fn code(source: &str) -> String {
    let mut words = String::with_capacity(source.len());
    let mut before = ' ';
    let passed_over =
        |line: &&str| ["//", "#[serde(rename = "].iter().any(|begin| line.trim_start().starts_with(begin));
    for line in source.lines().filter(|line| !passed_over(line)) {
        for letter in line.chars() {
            if before.is_lowercase() && letter.is_uppercase() {
                words.push(' ');
            }
            words.push(if letter == '_' { ' ' } else { letter });
            before = letter;
        }
        words.push('\n');
    }
    words
}

/// The comments of a source file as one text.
fn comments(source: &str) -> String {
    let comment =
        |line: &str| line.trim_start().strip_prefix("//").map(|rest| rest.trim_start_matches(['/', '!']).to_owned());
    source.lines().filter_map(comment).collect::<Vec<_>>().join(" ")
}

#[test]
fn no_document_and_no_code_has_a_forbidden_word() {
    let tree = tree();
    let mut found = Vec::new();
    for (path, text) in documents(&tree) {
        let (_, prose) = code_and_prose(&without_blocks(&text));
        found.extend(forbidden(&prose).into_iter().map(|place| format!("{}: {place}", path.display())));
    }
    for path in tree.iter().filter(|path| CODE.iter().any(|folder| path.starts_with(folder))) {
        if ["rs", "wit"].contains(&extension(path)) {
            let source = read(path);
            let text = comments(&source);
            let (_, prose) = code_and_prose(&text);
            // This file has the list.
            let code = if path.ends_with(THIS_FILE) { String::new() } else { code(&source) };
            let places = forbidden(&prose).into_iter().chain(forbidden(&code));
            found.extend(places.map(|place| format!("{}: {place}", path.display())));
        }
    }
    assert_eq!(found, Vec::<String>::new(), "see docs/style.md");
}

#[test]
fn every_module_begins_with_what_it_is() {
    let modules =
        tree().into_iter().filter(|path| extension(path) == "rs" && CODE.iter().any(|folder| path.starts_with(folder)));
    let silent = modules.filter(|path| !read(path).lines().take(3).any(|line| line.starts_with("//! ")));
    assert_eq!(silent.collect::<Vec<_>>(), Vec::<PathBuf>::new());
}

#[test]
fn forbidden_words_are_found_across_lines_and_not_within_others() {
    assert_eq!(
        forbidden("There are SO\n  many, and he told."),
        ["there are [so many]", "there are so many, and he [told]"]
    );
    assert_eq!(forbidden("Also many are retold."), Vec::<String>::new());
    assert_eq!(
        forbidden(&code("fn so_many() {}\n// told\nstruct IsTold; x.retold")),
        ["fn [so many]", "fn so many() {} struct is [told]"]
    );
    let (quoted, prose) = code_and_prose("a `told` b\n`so many`");
    assert_eq!((quoted, forbidden(&prose)), (vec!["told", "so many"], Vec::new()));
}

/// Whether a word in code font looks like a path of this repository; `None` where it is something else.
fn named_path<'a>(word: &'a str, tree: &BTreeSet<PathBuf>) -> Option<&'a Path> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_./-".contains(c);
    if word.is_empty() || !word.chars().all(plain) || word.starts_with(['/', '-']) {
        return None;
    }
    let path = Path::new(word);
    let first = path.components().next()?;
    let here = word.contains('/') && tree.contains(Path::new(first.as_os_str()));
    let by_its_end = path.file_stem().is_some() && BY_THEIR_END.contains(&extension(path));
    (here || by_its_end).then_some(path)
}

#[test]
fn every_path_that_a_document_names_exists() {
    let tree = tree();
    let mut missing = Vec::new();
    for (document, text) in documents(&tree) {
        let text = without_blocks(&text);
        let (code, _) = code_and_prose(&text);
        for path in code.into_iter().filter_map(|word| named_path(word, &tree)) {
            if !tree.iter().any(|known| known.ends_with(path)) {
                missing.push(format!("{}: `{}`", document.display(), path.display()));
            }
        }
        for target in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            if target.contains("://") {
                continue;
            }
            let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
            let folder = repository().join(document.parent().unwrap_or(Path::new("")));
            let linked = if file.is_empty() { repository().join(document) } else { folder.join(file) };
            let there = linked.exists() && (anchor.is_empty() || anchors(&linked).contains(anchor));
            if !there {
                missing.push(format!("{}: ({target})", document.display()));
            }
        }
    }
    assert_eq!(missing, Vec::<String>::new());
}

/// The names under which the headings of a document can be linked to.
fn anchors(document: &Path) -> BTreeSet<String> {
    let text = without_blocks(&ok(fs::read_to_string(document), "a document"));
    let headings = text.lines().filter(|line| line.starts_with('#')).map(|line| line.trim_start_matches('#').trim());
    let kept = |c: &char| c.is_alphanumeric() || *c == ' ' || *c == '-' || *c == '_';
    headings.map(|heading| heading.to_lowercase().chars().filter(kept).collect::<String>().replace(' ', "-")).collect()
}

#[test]
fn every_page_is_listed_for_a_reader() {
    let (tree, list) = (tree(), read(Path::new("docs/README.md")));
    let a_decision = |path: &Path| path.starts_with("docs/decisions") && !path.ends_with("README.md");
    let pages = tree.iter().filter(|path| path.starts_with("docs") && extension(path) == "md" && !a_decision(path));
    let missing: Vec<String> = pages
        .filter_map(|path| path.strip_prefix("docs").ok())
        .map(|page| page.display().to_string())
        .filter(|page| page != "README.md" && !list.contains(&format!("({page})")))
        .collect();
    assert_eq!(missing, Vec::<String>::new());
}

#[test]
fn every_decision_is_whole_and_in_the_index() {
    let (tree, index) = (tree(), read(Path::new("docs/decisions/README.md")));
    let mut wrong = Vec::new();
    for path in tree.iter().filter(|path| path.parent() == Some(Path::new("docs/decisions"))) {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name == "README.md" {
            continue;
        }
        let text = read(path);
        if !index.contains(&format!("({name})")) {
            wrong.push(format!("{name} is not in the index"));
        }
        let needed = ["# ", "Status: ", "## Context", "## Decision", "## Consequences", "## In the code", "## Held by"];
        wrong.extend(
            needed
                .iter()
                .filter(|part| !text.lines().any(|line| line.starts_with(**part)))
                .map(|part| format!("{name} has no `{part}`")),
        );
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn every_test_that_a_decision_names_exists() {
    let tree = tree();
    let source: String = tree.iter().filter(|path| extension(path) == "rs").map(|path| read(path)).collect();
    let functions: BTreeSet<&str> = source
        .split("fn ")
        .skip(1)
        .filter_map(|rest| rest.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).next())
        .collect();
    let mut missing = Vec::new();
    for path in tree.iter().filter(|path| path.starts_with("docs/decisions") && extension(path) == "md") {
        let text = read(path);
        let Some((_, held)) = text.split_once("## Held by") else { continue };
        for word in code_and_prose(held).0 {
            let name = word.rsplit("::").next().unwrap_or(word);
            let a_test = name.matches('_').count() >= 2 && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
            if a_test && !functions.contains(name) {
                missing.push(format!("{}: `{name}`", path.display()));
            }
        }
    }
    assert_eq!(missing, Vec::<String>::new());
}

/// A person who uses the recipes runs what CI runs.
#[test]
fn the_recipes_are_the_commands_of_ci() {
    let recipes = read(Path::new("justfile"));
    let recipes: BTreeSet<&str> = recipes.lines().map(str::trim).collect();
    let ci = read(Path::new(".ci/run"));
    let commands: Vec<&str> = ci.lines().filter(|line| line.starts_with("cargo ")).collect();
    assert!(commands.len() >= 3, "{commands:?}");
    let missing: Vec<&str> = commands.into_iter().filter(|command| !recipes.contains(command)).collect();
    assert_eq!(missing, Vec::<&str>::new());
}
