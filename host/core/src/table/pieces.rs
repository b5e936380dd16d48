//! Bytes that are written up to a bound, and handed on in pieces where they are many.
//!
//! A writer is straight-line code that offers its bytes now and then ([`Out::offer`]). Written whole, it runs through
//! without a stop. As [`Pieces`] it stops at each piece until the next one is asked for, and holds no more than that piece
//! and its place: who has gone away is written for no further, and a slow reader holds neither a thread nor the rest.

use std::io;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use crate::table::problem::WriteError;

/// About how many bytes a piece has. A value that is written in one go can make it longer.
pub const PIECE: usize = 64 * 1024;
/// Values up to this size are written in one go.
pub(crate) const LONG: usize = 16 * 1024;

/// Where a writer puts its bytes. Grows up to this many bytes; what would go beyond is refused, and that is remembered.
pub struct Out {
    bytes: Vec<u8>,
    /// How many bytes were handed on before these.
    handed_on: u64,
    most: u64,
    crossed: bool,
    /// `None`: everything stays here until the end.
    hand: Option<Hand>,
}

/// Where the writer's side of a stop leaves a piece.
type Hand = Arc<Mutex<Vec<u8>>>;

impl Out {
    fn whole(most: u64) -> Self {
        Self { bytes: Vec::new(), handed_on: 0, most, crossed: false, hand: None }
    }

    /// Refuses to begin what takes at least this many bytes.
    pub(crate) fn check_least(&self, least: u64) -> Result<(), WriteError> {
        if least > self.most { Err(self.too_large()) } else { Ok(()) }
    }

    /// Appends bytes.
    #[inline]
    pub fn put(&mut self, bytes: &[u8]) -> Result<(), WriteError> {
        if self.has_room(bytes.len()) {
            self.bytes.extend_from_slice(bytes);
            return Ok(());
        }
        Err(self.too_large())
    }

    /// Appends bytes that nothing else needs: without a copy where they are the first.
    pub(crate) fn put_owned(&mut self, bytes: Vec<u8>) -> Result<(), WriteError> {
        if !self.has_room(bytes.len()) {
            return Err(self.too_large());
        }
        if self.bytes.is_empty() {
            self.bytes = bytes;
        } else {
            self.bytes.extend_from_slice(&bytes);
        }
        Ok(())
    }

    /// Appends text that may be long, offering it on the way.
    pub(crate) async fn put_long(&mut self, bytes: &[u8]) -> Result<(), WriteError> {
        for part in bytes.chunks(LONG) {
            self.put(part)?;
            self.offer().await;
        }
        Ok(())
    }

    /// Hands on what was written, if it is enough for a piece, and goes on when the next piece is asked for.
    #[inline]
    pub async fn offer(&mut self) {
        if self.bytes.len() >= PIECE && self.hand.is_some() {
            self.stop().await;
        }
    }

    /// Hands on what was written, though it may be nothing. For long work that writes nothing.
    pub(crate) async fn stop(&mut self) {
        let Some(hand) = &self.hand else { return };
        self.handed_on += self.bytes.len() as u64;
        *hand.lock().unwrap_or_else(PoisonError::into_inner) = std::mem::take(&mut self.bytes);
        Stop(false).await;
        self.bytes.reserve_exact(PIECE + LONG);
    }

    /// Whether bytes are handed on in pieces.
    pub(crate) fn in_pieces(&self) -> bool {
        self.hand.is_some()
    }

    /// Why writing through [`io::Write`] failed.
    pub(crate) fn reason(&self, error: &dyn std::error::Error) -> WriteError {
        if self.crossed { self.too_large() } else { WriteError::Failed(error.to_string()) }
    }

    /// How many more bytes may come.
    pub(crate) fn left(&self) -> u64 {
        self.most.saturating_sub(self.handed_on).saturating_sub(self.bytes.len() as u64)
    }

    #[inline]
    fn has_room(&self, more: usize) -> bool {
        self.left() >= more as u64
    }

    #[cold]
    pub(crate) fn too_large(&self) -> WriteError {
        WriteError::TooLarge { most: self.most }
    }
}

impl io::Write for Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_all(bytes)?;
        Ok(bytes.len())
    }

    #[inline]
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.has_room(bytes.len()) {
            self.bytes.extend_from_slice(bytes);
            return Ok(());
        }
        self.crossed = true;
        Err(io::Error::other("more bytes than were allowed"))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Is ready when it is asked for the second time.
struct Stop(bool);

impl Future for Stop {
    type Output = ();
    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if std::mem::replace(&mut self.0, true) { Poll::Ready(()) } else { Poll::Pending }
    }
}

/// All that a writer writes, in at most this many bytes.
pub fn whole(most: u64, write: impl AsyncFnOnce(&mut Out) -> Result<(), WriteError>) -> Result<Vec<u8>, WriteError> {
    let mut out = Out::whole(most);
    let written = pin!(write(&mut out)).poll(&mut Context::from_waker(Waker::noop()));
    match written {
        Poll::Ready(written) => written.map(|()| out.bytes),
        // Such an `Out` never stops.
        Poll::Pending => Err(WriteError::Failed("the writer waited for something else than its reader".to_owned())),
    }
}

/// What a writer writes, piece by piece. Some pieces are empty: then there was much to do and nothing to write.
pub struct Pieces {
    /// `None`: it has ended.
    writing: Option<Pin<Box<Writing>>>,
    hand: Hand,
}

type Writing = dyn Future<Output = Result<Out, WriteError>> + Send;

impl Pieces {
    /// Of this writer, which gives back where it wrote to.
    pub fn new<W, F>(write: W) -> Self
    where
        W: FnOnce(Out) -> F,
        F: Future<Output = Result<Out, WriteError>> + Send + 'static,
    {
        let hand = Hand::default();
        let out = Out { hand: Some(hand.clone()), ..Out::whole(u64::MAX) };
        Self { writing: Some(Box::pin(write(out))), hand }
    }
}

impl Iterator for Pieces {
    type Item = Result<Vec<u8>, WriteError>;

    fn next(&mut self) -> Option<Self::Item> {
        let writing = self.writing.as_mut()?;
        match writing.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Pending => Some(Ok(std::mem::take(&mut *self.hand.lock().unwrap_or_else(PoisonError::into_inner)))),
            Poll::Ready(ended) => {
                self.writing = None;
                match ended {
                    Ok(out) if out.bytes.is_empty() => None,
                    ended => Some(ended.map(|out| out.bytes)),
                }
            }
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    async fn lines(out: &mut Out) -> Result<(), WriteError> {
        for line in 0..100_000 {
            out.put(format!("{line}\n").as_bytes())?;
            out.offer().await;
        }
        out.put_long(&vec![b'x'; 10 * LONG]).await
    }

    #[test]
    fn pieces_are_the_whole_in_order_and_none_is_large() {
        let all = whole(u64::MAX, lines).unwrap();
        let pieces = Pieces::new(async |mut out| lines(&mut out).await.map(|()| out));
        let pieces: Vec<Vec<u8>> = pieces.map(Result::unwrap).collect();
        assert!(pieces.len() >= all.len() / (PIECE + LONG), "{}", pieces.len());
        assert!(pieces.iter().all(|piece| piece.len() <= PIECE + LONG));
        assert_eq!(pieces.concat(), all);
    }

    #[test]
    fn nothing_is_written_before_it_is_asked_for() {
        let count = Arc::new(Mutex::new(0));
        let counted = count.clone();
        let mut pieces = Pieces::new(move |mut out| async move {
            loop {
                *counted.lock().unwrap() += 1;
                out.put(&vec![0; PIECE])?;
                out.offer().await;
            }
        });
        for asked in 0..3 {
            assert_eq!(*count.lock().unwrap(), asked);
            assert_eq!(pieces.next().unwrap().unwrap().len(), PIECE);
        }
        drop(pieces);
        assert_eq!(Arc::strong_count(&count), 1);
    }

    #[test]
    fn a_failure_is_the_last_piece() {
        let mut pieces = Pieces::new(async |mut out: Out| {
            out.put(b"begun")?;
            out.stop().await;
            Err(WriteError::NonFinite)
        });
        assert_eq!(pieces.next(), Some(Ok(b"begun".to_vec())));
        assert_eq!(pieces.next(), Some(Err(WriteError::NonFinite)));
        assert_eq!(pieces.next(), None);
        assert_eq!(whole(3, async |out| out.put(b"four")), Err(WriteError::TooLarge { most: 3 }));
    }
}
