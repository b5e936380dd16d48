//! Server-sent events, line by line.
//!
//! A thread of its own reads, so that a connection that went silent (a machine that is gone says no goodbye) is noticed:
//! a server sends at least an empty comment every so often.

use std::io::{BufRead as _, BufReader, Read};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::Duration;

use ureq::Body;
use ureq::http::Response;

/// A connection on which the server has sent nothing for this time, not even a comment, is dead.
const SILENCE: Duration = Duration::from_secs(90);
/// The most events that the thread reads ahead of the caller that takes them.
const AHEAD: usize = 64;

/// One event.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Event {
    /// Where it stands; to go on after it.
    pub(crate) id: String,
    /// Of which kind.
    pub(crate) kind: String,
    /// What it says.
    pub(crate) data: String,
}

/// How a stream goes on.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Something happened.
    Event(Event),
    /// The server ended it.
    End,
    /// It broke off.
    Broken,
}

enum Sign {
    Event(Event),
    /// Nothing, but the server is there.
    Alive,
    End,
    Broken,
}

/// Events as they come.
pub(crate) struct Events {
    signs: Receiver<Sign>,
}

impl Events {
    /// Of this answer.
    pub(crate) fn of(answer: Response<Body>) -> Self {
        Self::reading(answer.into_body().into_reader())
    }

    fn reading(stream: impl Read + Send + 'static) -> Self {
        let (sender, signs) = sync_channel(AHEAD);
        // Ends when the connection does, or at the next sign after the caller has dropped the `Events`.
        std::thread::spawn(move || {
            let mut lines = Lines { stream: BufReader::new(stream), id: String::new() };
            loop {
                let sign = lines.sign();
                let last = matches!(sign, Sign::End | Sign::Broken);
                if sender.send(sign).is_err() || last {
                    return;
                }
            }
        });
        Self { signs }
    }

    /// Waits for the next one.
    pub(crate) fn next(&mut self) -> Next {
        loop {
            match self.signs.recv_timeout(SILENCE) {
                Ok(Sign::Event(event)) => return Next::Event(event),
                Ok(Sign::Alive) => {}
                Ok(Sign::End) => return Next::End,
                Ok(Sign::Broken) | Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                    return Next::Broken;
                }
            }
        }
    }
}

struct Lines<R> {
    stream: BufReader<R>,
    /// The last one that was said; holds until another one is.
    id: String,
}

impl<R: Read> Lines<R> {
    /// Reads up to the next empty line.
    fn sign(&mut self) -> Sign {
        let mut event = Event::default();
        let mut line = Vec::new();
        loop {
            line.clear();
            match self.stream.read_until(b'\n', &mut line) {
                Ok(0) => return Sign::End,
                Ok(_) => {}
                Err(_) => return Sign::Broken,
            }
            if line.pop_if(|last| *last == b'\n').is_none() {
                // Half a line: the server did not send the rest.
                return Sign::End;
            }
            line.pop_if(|last| *last == b'\r');
            let text = String::from_utf8_lossy(&line);
            let (name, value) = text.split_once(':').unwrap_or((text.as_ref(), ""));
            let value = value.strip_prefix(' ').unwrap_or(value);
            match name {
                "" if text.is_empty() && event.data.is_empty() => return Sign::Alive,
                "" if text.is_empty() => {
                    event.id.clone_from(&self.id);
                    return Sign::Event(event);
                }
                "id" => value.clone_into(&mut self.id),
                "event" => value.clone_into(&mut event.kind),
                "data" => {
                    if !event.data.is_empty() {
                        event.data.push('\n');
                    }
                    event.data.push_str(value);
                }
                // A comment, or what later servers may say.
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(stream: &'static str) -> Vec<Next> {
        let mut events = Events::reading(stream.as_bytes());
        let mut all = Vec::new();
        loop {
            let next = events.next();
            let last = matches!(next, Next::End | Next::Broken);
            all.push(next);
            if last {
                return all;
            }
        }
    }

    fn event(id: &str, kind: &str, data: &str) -> Next {
        Next::Event(Event { id: id.to_owned(), kind: kind.to_owned(), data: data.to_owned() })
    }

    #[test]
    fn events_are_read_as_the_standard_says() {
        assert_eq!(
            all(
                "retry: 1000\n\n: \n\nid: 7\nevent: status\ndata: {}\n\nevent:log\r\ndata:a: b\r\ndata: c\r\n\r\nid: 8\n"
            ),
            [event("7", "status", "{}"), event("7", "log", "a: b\nc"), Next::End]
        );
        // The server did not send the second event to its end, so the caller does not get it.
        assert_eq!(all("data: 1\n\ndata: 2\n"), [event("", "", "1"), Next::End]);
        assert_eq!(all(""), [Next::End]);
    }
}
