//! TAGS: an array of `{vocabulary, vocabularyTerm}`, of `"Vocabulary:Term"` or both, or one string of those, several
//! separated by `,` or `;`. Written as they are read, since a few bytes stand for a much longer object.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Error as _, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer as _};

use super::stored::Wrong;

#[derive(Deserialize)]
#[serde(untagged)]
enum Tag<'j> {
    Object {
        vocabulary: Cow<'j, str>,
        #[serde(rename = "vocabularyTerm")]
        term: Cow<'j, str>,
    },
    Text(Cow<'j, str>),
}

/// The tags as an array of objects that takes at most `most` bytes.
pub(super) fn complete(json: &str, most: u64) -> Result<String, Wrong> {
    let mut tags = Tags { out: "[".to_owned(), most, full: false };
    match serde_json::Deserializer::from_str(json).deserialize_any(&mut tags) {
        Ok(()) => {
            tags.out.push(']');
            Ok(tags.out)
        }
        Err(_) if tags.full => Err(Wrong::TooMuch),
        Err(_) => Err(Wrong::Type),
    }
}

struct Tags {
    out: String,
    most: u64,
    full: bool,
}

impl Tags {
    fn text<E: serde::de::Error>(&mut self, text: &str) -> Result<(), E> {
        for tag in text.split([',', ';']).map(str::trim).filter(|tag| !tag.is_empty()) {
            let (vocabulary, term) = tag.split_once(':').ok_or_else(|| E::custom("no tag"))?;
            self.tag(vocabulary.trim(), term.trim())?;
        }
        Ok(())
    }

    fn tag<E: serde::de::Error>(&mut self, vocabulary: &str, term: &str) -> Result<(), E> {
        let between = if self.out.len() > 1 { "," } else { "" };
        let vocabulary = serde_json::to_string(vocabulary).map_err(E::custom)?;
        let term = serde_json::to_string(term).map_err(E::custom)?;
        self.out.push_str(&format!("{between}{{\"vocabulary\":{vocabulary},\"vocabularyTerm\":{term}}}"));
        self.full = self.out.len() as u64 >= self.most;
        if self.full { Err(E::custom("too many tags")) } else { Ok(()) }
    }
}

impl<'de> Visitor<'de> for &mut Tags {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("tags")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<(), E> {
        self.text(text)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while let Some(tag) = seq.next_element::<Tag<'de>>().map_err(A::Error::custom)? {
            match tag {
                Tag::Object { vocabulary, term } => self.tag(&vocabulary, &term)?,
                Tag::Text(text) => self.text(&text)?,
            }
        }
        Ok(())
    }
}
