//! A JSON document that is kept as the text its author wrote.
//!
//! As a tree of values a document takes up to a hundred times the bytes of its text, which is what limits count; the
//! code that needs the tree makes it, and lets go of it again.

use std::io;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};
use serde_json::Value;
use serde_json::value::RawValue;

/// Text that is one JSON document. Two are equal when their texts are.
#[derive(Debug, Clone)]
pub struct Document(Box<RawValue>);

impl Document {
    /// Keeps a text, if it is JSON.
    pub fn new(text: String) -> Result<Self, serde_json::Error> {
        RawValue::from_string(text).map(Self)
    }

    /// Keeps a value as its shortest text.
    pub fn of(value: &Value) -> Result<Self, serde_json::Error> {
        Self::new(value.to_string())
    }

    /// The text.
    pub fn text(&self) -> &str {
        self.0.get()
    }

    /// The document as a tree of values; fails where it is nested deeper than serde_json reads, 128 levels.
    pub fn value(&self) -> Result<Value, serde_json::Error> {
        serde_json::from_str(self.text())
    }
}

impl From<Box<RawValue>> for Document {
    fn from(raw: Box<RawValue>) -> Self {
        Self(raw)
    }
}

impl PartialEq for Document {
    fn eq(&self, other: &Self) -> bool {
        self.text() == other.text()
    }
}

impl Eq for Document {}

impl Serialize for Document {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Document {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Box::<RawValue>::deserialize(deserializer).map(Self).map_err(de::Error::custom)
    }
}

/// How many bytes something takes as JSON; `None`: more than `most`, and the rest was not written.
pub fn written_bytes(what: &impl Serialize, most: u64) -> Result<Option<u64>, serde_json::Error> {
    let mut count = Count { bytes: 0, most };
    match serde_json::to_writer(&mut count, what) {
        Ok(()) => Ok(Some(count.bytes)),
        Err(_) if count.bytes > most => Ok(None),
        Err(error) => Err(ser::Error::custom(error)),
    }
}

/// Counts what is written, and refuses to go on beyond a bound.
struct Count {
    bytes: u64,
    most: u64,
}

impl io::Write for Count {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.bytes = self.bytes.saturating_add(bytes.len() as u64);
        if self.bytes > self.most { Err(io::Error::other("more bytes than were allowed")) } else { Ok(bytes.len()) }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use serde_json::json;

    use super::*;

    #[test]
    fn a_document_is_kept_to_the_letter() {
        let text = "{ \"b\": 1.0,\n \"a\": [null] }";
        let document = Document::new(text.to_owned()).unwrap();
        assert_eq!(document.text(), text);
        assert_eq!(document.value().unwrap(), json!({ "a": [null], "b": 1.0 }));
        let kept = serde_json::to_string(&[&document]).unwrap();
        assert_eq!(kept, format!("[{text}]"));
        assert_eq!(serde_json::from_str::<Vec<Document>>(&kept).unwrap(), [document]);
        assert!(Document::new("{".to_owned()).is_err());
    }

    #[test]
    fn what_is_written_is_counted_up_to_a_bound() {
        let value = json!({ "text": "x".repeat(100) });
        let length = value.to_string().len() as u64;
        assert_eq!(written_bytes(&value, length).unwrap(), Some(length));
        assert_eq!(written_bytes(&value, length - 1).unwrap(), None);
    }
}
