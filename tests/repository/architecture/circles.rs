//! Circles of imports between the files of a crate: such files can only be read together.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::imports;

/// The files of each circle below the folder `src` of a crate, the largest circle first.
pub(crate) fn of_crate(src: &Path) -> Vec<Vec<PathBuf>> {
    let imports = imports::of_crate(src);
    let mut reached: BTreeMap<&PathBuf, BTreeSet<&PathBuf>> = BTreeMap::new();
    for file in imports.keys() {
        let mut found = BTreeSet::new();
        let mut next = vec![file];
        while let Some(file) = next.pop() {
            next.extend(imports.get(file).into_iter().flatten().filter(|file| found.insert(*file)));
        }
        reached.insert(file, found);
    }
    let mut circles = BTreeSet::new();
    for (file, found) in reached.iter().filter(|(file, found)| found.contains(*file)) {
        let back = |other: &&&PathBuf| reached.get(**other).is_some_and(|found| found.contains(file));
        let circle: Vec<PathBuf> =
            found.iter().filter(back).map(|file| file.strip_prefix(src).unwrap_or(file).to_path_buf()).collect();
        circles.insert(circle);
    }
    let mut circles: Vec<_> = circles.into_iter().collect();
    circles.sort_by_key(|circle| std::cmp::Reverse(circle.len()));
    circles
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::of_crate;

    /// Writes a crate of these files and looks for its circles.
    fn circles(files: &[(&str, &str)]) -> Vec<Vec<String>> {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, text) in files {
            let file = folder.path().join(name);
            fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
            fs::write(file, text).expect("a file");
        }
        let found = of_crate(folder.path());
        found.iter().map(|circle| circle.iter().map(|file| file.display().to_string()).collect()).collect()
    }

    #[test]
    fn a_circle_is_found_through_every_kind_of_path() {
        let cases = [
            ("use crate::b::B;", "use super::a::A;"),
            ("use crate::b;", "fn f() -> crate::a::A {}"),
            ("use crate::{b::{self, B as C}, d};", "fn f() { log!(\"{}\", crate::a::A) }"),
            // The crate's root hands the name on.
            ("use crate::B;", "impl super::a::A {}"),
        ];
        for (a, b) in cases {
            let files = [
                ("lib.rs", "mod a; mod b; mod c; pub use b::B;"),
                ("a.rs", &format!("{a} pub struct A;") as &str),
                ("b.rs", &format!("{b} pub struct B;")),
                ("c.rs", "use crate::a::A;"),
            ];
            assert_eq!(circles(&files), [["a.rs", "b.rs"]], "{a} {b}");
        }
    }

    #[test]
    fn tests_comments_and_texts_are_no_imports_and_folders_are_followed() {
        let files = [
            ("lib.rs", "mod a; #[cfg(test)] mod t;"),
            (
                "a/mod.rs",
                "mod b; pub mod c { pub struct C; } #[cfg(test)] mod tests { use crate::t::T; use super::b::B; }",
            ),
            ("a/b.rs", "// use crate::a::c::C;\nconst TEXT: &str = \"crate::a::c::C\"; #[cfg(test)] use super::c::C;"),
            ("t.rs", "use crate::a::c::C;"),
        ];
        assert_eq!(circles(&files), Vec::<Vec<String>>::new());
        let files =
            [("lib.rs", "mod a;"), ("a/mod.rs", "mod b; fn f() { b::g() } fn h() {}"), ("a/b.rs", "use super::h;")];
        assert_eq!(circles(&files), [["a/b.rs", "a/mod.rs"]]);
    }
}
