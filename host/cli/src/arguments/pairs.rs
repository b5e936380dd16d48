//! `NAME=VALUE` on the command line.

use std::str::FromStr;

/// A name and a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pair {
    /// Before the first `=`.
    pub(crate) name: String,
    /// All after it.
    pub(crate) value: String,
}

impl FromStr for Pair {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('=') {
            Some((name, value)) if !name.is_empty() => Ok(Self { name: name.to_owned(), value: value.to_owned() }),
            _ => Err("it is written NAME=VALUE".to_owned()),
        }
    }
}

/// As the rest of the program takes them.
pub(crate) fn tuples(pairs: &[Pair]) -> Vec<(String, String)> {
    pairs.iter().map(|pair| (pair.name.clone(), pair.value.clone())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_equals_sign_divides() {
        let pair = |name: &str, value: &str| Ok(Pair { name: name.to_owned(), value: value.to_owned() });
        assert_eq!("a=b".parse::<Pair>(), pair("a", "b"));
        assert_eq!("a=b=c".parse::<Pair>(), pair("a", "b=c"));
        assert_eq!("a=".parse::<Pair>(), pair("a", ""));
        assert!("=a".parse::<Pair>().is_err());
        assert!("a".parse::<Pair>().is_err());
    }
}
