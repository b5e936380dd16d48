//! Small contents of a job, kept within its record: what most jobs bring is then one entry of the tree, and not three.
//!
//! Such a record is `kind, crc32 of the JSON, length of the JSON, the JSON`, and then of each content `crc32 of what
//! follows, length, digest, the bytes`. So a list of many jobs checks no more than their JSON, and a content that is
//! damaged harms nothing but itself. A record is never cut into pieces: what does not fit stays outside, as an entry of
//! its own.

use analyte_core::digest::Digest;
use bytes::Bytes;

use crate::sled::format::envelope::{self, HEAD, LENGTH, PIECE_BYTES, WITH, json_of_job};

/// Longest content that is kept so: a table of a few numbers. They are read with every record, also for lists that do
/// not show them.
pub(crate) const MOST: usize = 768;

/// Before the bytes of each content.
const BEFORE: usize = 4 + LENGTH + 32;

/// A content, and the checksum that it was first written with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Small<B> {
    pub(crate) digest: Digest,
    pub(crate) bytes: B,
    crc: u32,
}

impl<B: AsRef<[u8]>> Small<B> {
    /// One that has none yet.
    pub(crate) fn new(digest: Digest, bytes: B) -> Self {
        let crc = checksum(&digest, bytes.as_ref());
        Self { digest, bytes, crc }
    }

    /// Whether it is as it was written.
    pub(crate) fn whole(&self) -> bool {
        self.crc == checksum(&self.digest, self.bytes.as_ref())
    }

    /// A copy of its bytes, which may be kept longer than the record.
    pub(crate) fn owned(&self) -> Small<Bytes> {
        Small { digest: self.digest, bytes: Bytes::copy_from_slice(self.bytes.as_ref()), crc: self.crc }
    }
}

fn checksum(digest: &Digest, bytes: &[u8]) -> u32 {
    let mut crc = crc32fast::Hasher::new();
    crc.update(&length(bytes));
    crc.update(digest.as_bytes());
    crc.update(bytes);
    crc.finalize()
}

/// What is kept in the tree.
type Entries = Vec<(Vec<u8>, Vec<u8>)>;

/// The entries of a job's record, and those of the contents for which there is no room in it.
pub(crate) fn entries(key: Vec<u8>, json: &[u8], contents: Vec<Small<Bytes>>) -> (Entries, Vec<Small<Bytes>>) {
    let mut room = PIECE_BYTES.saturating_sub(HEAD + LENGTH + json.len());
    let (inside, outside): (Vec<_>, Vec<_>) = contents.into_iter().partition(|content| {
        let bytes = content.bytes.len();
        let left = room.checked_sub(BEFORE + bytes).filter(|_| bytes <= MOST);
        room = left.unwrap_or(room);
        left.is_some()
    });
    if inside.is_empty() {
        return (envelope::entries(key, json), outside);
    }
    let mut value = Vec::with_capacity(PIECE_BYTES - room);
    value.push(WITH);
    value.extend_from_slice(&crc32fast::hash(json).to_be_bytes());
    value.extend_from_slice(&length(json));
    value.extend_from_slice(json);
    for Small { digest, bytes, crc } in &inside {
        value.extend_from_slice(&crc.to_be_bytes());
        value.extend_from_slice(&length(bytes));
        value.extend_from_slice(digest.as_bytes());
        value.extend_from_slice(bytes);
    }
    (vec![(key, value)], outside)
}

/// A record has no more than [`PIECE_BYTES`].
fn length(bytes: &[u8]) -> [u8; LENGTH] {
    u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes()
}

/// The contents within a record, as far as their lengths can be read; [`Small::whole`] says of each whether it is as
/// written.
pub(crate) fn all(value: &[u8]) -> impl Iterator<Item = Small<&[u8]>> {
    let after = json_of_job(value).filter(|_| value.first() == Some(&WITH)).and_then(|json| value.get(json.end..));
    let mut rest = after.unwrap_or_default();
    std::iter::from_fn(move || {
        let (crc, after) = rest.split_first_chunk::<4>()?;
        let (length, after) = after.split_first_chunk::<LENGTH>()?;
        let (digest, after) = after.split_first_chunk::<32>()?;
        let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
        // Where the length is damaged, so is what follows it.
        let (bytes, after) = after.split_at_checked(length).unwrap_or((after, &[]));
        rest = after;
        Some(Small { digest: Digest::from_bytes(*digest), bytes, crc: u32::from_be_bytes(*crc) })
    })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
mod tests {
    use super::*;

    fn small(text: &str, length: usize) -> Small<Bytes> {
        let bytes = Bytes::from(text.repeat(length));
        Small::new(Digest::of(&bytes), bytes)
    }

    /// `None`: it is damaged.
    fn found(value: &[u8]) -> Vec<Option<Small<Bytes>>> {
        all(value).map(|small| small.whole().then(|| small.owned())).collect()
    }

    #[test]
    fn what_fits_lies_within_and_the_rest_outside() {
        let json = "j".repeat(1_700);
        let wanted =
            [small("a", 0), small("b", MOST), small("c", MOST + 1), small("d", MOST), small("e", MOST), small("f", 9)];
        let (made, outside) = entries(b"key".to_vec(), json.as_bytes(), wanted.to_vec());
        assert_eq!(outside, [wanted[2].clone(), wanted[4].clone()]);
        let [(key, value)] = made.as_slice() else { unreachable!("{} entries", made.len()) };
        assert_eq!((key.as_slice(), &value[json_of_job(value).unwrap()]), (b"key".as_slice(), json.as_bytes()));
        assert!(value.len() <= PIECE_BYTES);
        let inside = [&wanted[0], &wanted[1], &wanted[3], &wanted[5]].map(|small| Some(small.clone()));
        assert_eq!(found(value), inside);
    }

    #[test]
    fn where_nothing_fits_the_record_is_a_plain_one() {
        for (json, contents) in [("{}".to_owned(), Vec::new()), ("j".repeat(PIECE_BYTES), vec![small("a", 3)])] {
            let (made, outside) = entries(b"key".to_vec(), json.as_bytes(), contents.clone());
            assert_eq!((made, outside), (envelope::entries(b"key".to_vec(), json.as_bytes()), contents));
        }
    }

    #[test]
    fn a_flipped_bit_harms_only_what_it_is_in() {
        let wanted = [small("a", 3), small("b", 100)];
        let (mut made, _) = entries(b"key".to_vec(), b"{}", wanted.to_vec());
        let (_, value) = made.remove(0);
        let first = json_of_job(&value).unwrap().end;
        for at in 0..value.len() {
            let mut torn = value.clone();
            torn[at] ^= 0x80;
            let found = found(&torn);
            assert!(found.iter().flatten().all(|small| wanted.contains(small)), "{at}");
            if at >= first {
                assert_eq!(torn[..first], value[..first]);
                // Checksum, digest and bytes of one say nothing of the other; the length of the last one is still
                // known.
                let second = first + BEFORE + 3;
                let length = [first, second].iter().any(|begin| (begin + 4..begin + 8).contains(&at));
                assert!(length || (found.len(), found.iter().flatten().count()) == (2, 1), "{at}");
            }
        }
    }
}
