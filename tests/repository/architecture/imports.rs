//! Which file of a crate imports which other one, read from the files' tokens.
//!
//! What it sees: every path that begins with `crate`, `self` or `super`, in a `use` or anywhere else, also within macros,
//! and every path that begins with the name of a child module. A name that a module hands on (`pub use`) counts for the
//! file that defines it. What it does not see: methods, which need no import, and names that only a glob brings. A
//! `pub use` is no import of the file that hands the name on. Code under `#[cfg(test)]` is left out.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// A path as it is written, or the place of a module: `["crate", "table", "read"]`.
type Names = Vec<String>;

/// A module of the crate.
#[derive(Debug, Default)]
struct Module {
    file: PathBuf,
    children: BTreeSet<String>,
    /// Names that it hands on, with the whole path of what each stands for.
    handed_on: BTreeMap<String, Names>,
    /// Modules all of whose names it hands on.
    globs: Vec<Names>,
    /// Names that its own code defines.
    defined: BTreeSet<String>,
    /// Whole paths that its code names.
    named: Vec<Names>,
}

/// The modules of a crate, by their place.
#[derive(Debug, Default)]
struct Crate(BTreeMap<Names, Module>);

/// For each file the files that it imports, below the folder `src` of a crate.
pub(crate) fn of_crate(src: &Path) -> BTreeMap<PathBuf, BTreeSet<PathBuf>> {
    let mut read = Crate::default();
    for root in ["lib.rs", "main.rs"].map(|name| src.join(name)).iter().filter(|root| root.exists()) {
        read.file(root, src, &["crate".to_owned()]);
    }
    let mut imports: BTreeMap<PathBuf, BTreeSet<PathBuf>> = BTreeMap::new();
    for module in read.0.values() {
        let of = imports.entry(module.file.clone()).or_default();
        of.extend(module.named.iter().filter_map(|path| read.file_of(path)).filter(|file| *file != module.file));
    }
    imports
}

impl Crate {
    /// Reads the file of a module, whose children lie in `folder`.
    fn file(&mut self, file: &Path, folder: &Path, place: &[String]) {
        let text = fs::read_to_string(file).expect("a source file");
        let tokens: TokenStream = text.parse().expect("tokens of Rust");
        self.module(file, folder, place, tokens);
    }

    fn module(&mut self, file: &Path, folder: &Path, place: &[String], tokens: TokenStream) {
        self.0.entry(place.to_vec()).or_default().file = file.to_path_buf();
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        // Children first: a path may begin with one that is declared further down.
        let rest = self.declarations(file, folder, place, &tokens);
        let mut named = Vec::new();
        paths(&rest, &mut named);
        for path in named {
            let whole = self.whole(place, &path);
            self.of(place).named.extend(whole);
        }
    }

    fn of(&mut self, place: &[String]) -> &mut Module {
        self.0.entry(place.to_vec()).or_default()
    }

    /// Notes `mod`, `use` and what is defined; gives back all other tokens.
    fn declarations(&mut self, file: &Path, folder: &Path, place: &[String], tokens: &[TokenTree]) -> Vec<TokenTree> {
        let (mut rest, mut uses, mut at) = (Vec::new(), Vec::new(), 0);
        let mut public = false;
        while let Some(token) = tokens.get(at) {
            if let Some(length) = test_item(&tokens[at..]) {
                at += length;
                continue;
            }
            let next = tokens.get(at + 1).map(ToString::to_string);
            match (token.to_string().as_str(), next) {
                ("mod", Some(name)) => {
                    self.of(place).children.insert(name.clone());
                    let child = [place, std::slice::from_ref(&name)].concat();
                    match tokens.get(at + 2) {
                        Some(TokenTree::Group(body)) => self.module(file, &folder.join(&name), &child, body.stream()),
                        _ => self.child(folder, &name, &child),
                    }
                    at += 3;
                }
                ("use", Some(_)) => {
                    let end =
                        at + tokens[at..].iter().position(|token| token.to_string() == ";").expect("the end of a use");
                    let mut names = Vec::new();
                    tree(&tokens[at + 1..end], &[], &mut names);
                    uses.extend(names.into_iter().map(|(name, path)| (name, path, public)));
                    at = end + 1;
                }
                ("struct" | "enum" | "trait" | "type" | "fn" | "const" | "static" | "union", Some(name)) => {
                    self.of(place).defined.insert(name);
                    rest.push(token.clone());
                    at += 1;
                }
                _ => {
                    rest.push(token.clone());
                    at += 1;
                }
            }
            public = match tokens.get(at - 1) {
                Some(TokenTree::Group(group)) if public => group.delimiter() == Delimiter::Parenthesis,
                Some(token) => token.to_string() == "pub",
                None => false,
            };
        }
        for (name, path, public) in uses {
            let Some(whole) = self.whole(place, &path) else { continue };
            match (public, name.as_str()) {
                (true, "*") => self.of(place).globs.push(whole),
                (true, _) => drop(self.of(place).handed_on.insert(name, whole)),
                (false, _) => self.of(place).named.push(whole),
            }
        }
        rest
    }

    fn child(&mut self, folder: &Path, name: &str, place: &[String]) {
        let below = folder.join(name);
        let file = [folder.join(format!("{name}.rs")), below.join("mod.rs")].into_iter().find(|file| file.exists());
        // One with a `#[path]` of its own lies elsewhere, and is none of this crate's rooms.
        if let Some(file) = file {
            self.file(&file, &below, place);
        }
    }

    /// A path from the crate's root, if it is one within this crate.
    fn whole(&self, place: &[String], path: &[String]) -> Option<Names> {
        let (first, rest) = path.split_first()?;
        let base = match first.as_str() {
            "crate" => vec!["crate".to_owned()],
            "self" => place.to_vec(),
            "super" => {
                let ups = path.iter().take_while(|name| *name == "super").count();
                let above = place.get(..place.len().checked_sub(ups)?)?;
                return Some([above, &path[ups..]].concat());
            }
            child if self.0.get(place).is_some_and(|module| module.children.contains(child)) => {
                return Some([place, path].concat());
            }
            _ => return None,
        };
        Some([&base, rest].concat())
    }

    /// The file that defines what a path names.
    fn file_of(&self, path: &[String]) -> Option<PathBuf> {
        let (mut path, mut steps) = (path.to_vec(), 0);
        loop {
            let depth = (1..=path.len()).rev().find(|depth| self.0.contains_key(&path[..*depth]))?;
            let module = self.0.get(&path[..depth])?;
            let Some(name) = path.get(depth) else { return Some(module.file.clone()) };
            steps += 1;
            path = match module.handed_on.get(name) {
                Some(whole) if steps < 16 => [whole, &path[depth + 1..]].concat(),
                _ if module.defined.contains(name) => return Some(module.file.clone()),
                _ => {
                    let defines = |glob: &&Names| self.0.get(*glob).is_some_and(|module| module.defined.contains(name));
                    match module.globs.iter().find(defines) {
                        Some(glob) if steps < 16 => [glob, &path[depth..]].concat(),
                        _ => return Some(module.file.clone()),
                    }
                }
            };
        }
    }
}

/// How many tokens an item takes that is there for tests only, with its attributes; `None`: this is the beginning of none.
fn test_item(tokens: &[TokenTree]) -> Option<usize> {
    let [TokenTree::Punct(hash), TokenTree::Group(attribute), ..] = tokens else { return None };
    let attribute = attribute.stream().to_string().replace(' ', "");
    if hash.as_char() != '#' || !attribute.starts_with("cfg(test") {
        return None;
    }
    let ends = |token: &TokenTree| match token {
        TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
        token => [";", ","].contains(&token.to_string().as_str()),
    };
    tokens.iter().position(ends).map(|end| end + 1)
}

/// The paths of a `use`, each with the name that it brings.
fn tree(tokens: &[TokenTree], before: &[String], found: &mut Vec<(String, Names)>) {
    let mut path = before.to_vec();
    let mut tokens = tokens.iter().peekable();
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Group(group) => {
                let inner: Vec<TokenTree> = group.stream().into_iter().collect();
                for part in inner.split(|token| token.to_string() == ",").filter(|part| !part.is_empty()) {
                    tree(part, &path, found);
                }
                return;
            }
            TokenTree::Ident(name) if *name == "as" => {
                let name = tokens.next().map(ToString::to_string).unwrap_or_default();
                found.push((name, path));
                return;
            }
            TokenTree::Ident(name) if *name == "self" && !path.is_empty() => {}
            TokenTree::Ident(name) => path.push(name.to_string()),
            token if token.to_string() == "*" => {
                found.push(("*".to_owned(), path));
                return;
            }
            _ => {}
        }
    }
    found.push((path.last().cloned().unwrap_or_default(), path));
}

/// Every path of several names, also within braces, brackets and macros.
fn paths(tokens: &[TokenTree], found: &mut Vec<Names>) {
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        if let Some(length) = test_item(&tokens[at..]) {
            at += length;
            continue;
        }
        match token {
            TokenTree::Group(group) => paths(&group.stream().into_iter().collect::<Vec<_>>(), found),
            TokenTree::Ident(name) if !after_colons(&tokens[..at]) => {
                let mut path = vec![name.to_string()];
                while let [TokenTree::Punct(one), TokenTree::Punct(two), TokenTree::Ident(name), ..] = &tokens[at + 1..]
                    && (one.as_char(), two.as_char()) == (':', ':')
                {
                    path.push(name.to_string());
                    at += 3;
                }
                if path.len() > 1 {
                    found.push(path);
                }
            }
            _ => {}
        }
        at += 1;
    }
}

/// Whether these tokens end with `::`, so that what follows is not the beginning of a path.
fn after_colons(tokens: &[TokenTree]) -> bool {
    tokens.len() >= 2 && tokens[tokens.len() - 2..].iter().all(|token| token.to_string() == ":")
}
