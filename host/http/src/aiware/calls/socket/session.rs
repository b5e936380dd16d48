//! One socket from its opening to its end.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use analyte_core::job::Job;
use analyte_core::job::event::EventId;
use analyte_core::timestamp::Timestamp;
use analyte_jobs::{JobsError, Right};
use bytes::Bytes;
use chrono::Utc;
use futures::future::{AbortHandle, Abortable, BoxFuture};
use futures::stream::FuturesUnordered;
use futures::{FutureExt as _, SinkExt as _, StreamExt as _};
use tokio::time::{MissedTickBehavior, interval};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::error::{CapacityError, Error};
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Message as Frame, Utf8Bytes};

use super::followed::{Followed, News, Subscription};
use super::message::{Message, Request};
use crate::aiware::admit;
use crate::aiware::calls::outputs::get::table_of;
use crate::aiware::error::{ErrorId, Refusal};
use crate::aiware::ids::lookup;
use crate::entry::auth::Caller;
use crate::entry::takeover::Io;
use crate::native::json::Time;
use crate::shared::Shared;

/// How much is read from a client at a time.
const READ_BYTES: usize = 4 * 1024;
/// How long the last word may take.
const LAST_WORD: Duration = Duration::from_secs(1);

type Wait = Abortable<BoxFuture<'static, (Subscription, Result<News, JobsError>)>>;

/// Why a socket ends.
enum End {
    /// The client is gone, or has said goodbye.
    Gone,
    /// The server ends it, for this reason.
    Said(CloseCode, &'static str),
}

struct Session {
    shared: Arc<Shared>,
    caller: Caller,
    /// With which the socket was opened.
    secret: String,
    socket: WebSocketStream<Io>,
    /// How to end each subscription.
    open: HashMap<Followed, AbortHandle>,
    waits: FuturesUnordered<Wait>,
    heard: Instant,
}

/// Speaks with a client until one of both ends it; gives back what to close.
pub(super) async fn run(shared: Arc<Shared>, (caller, secret): (Caller, String), io: Io, read: Bytes) -> Io {
    let most = usize::try_from(shared.limits.socket_message_bytes).unwrap_or(usize::MAX);
    let config = WebSocketConfig::default()
        .read_buffer_size(READ_BYTES)
        .write_buffer_size(0)
        .max_message_size(Some(most))
        .max_frame_size(Some(most));
    let socket = WebSocketStream::from_partially_read(io, read.to_vec(), Role::Server, Some(config)).await;
    let (open, waits) = (HashMap::new(), FuturesUnordered::new());
    let mut session = Session { shared, caller, secret, socket, open, waits, heard: Instant::now() };
    let closing = session.shared.closing.clone();
    let end = tokio::select! {
        end = session.speak() => end,
        () = closing.cancelled() => End::Said(CloseCode::Away, "the server is stopping"),
    };
    session.close(end).await
}

impl Session {
    async fn speak(&mut self) -> End {
        let mut tick = interval(Duration::from_millis(self.shared.limits.event_silence_ms.max(1)));
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        // The first one comes at once.
        tick.tick().await;
        loop {
            let went = tokio::select! {
                frame = self.socket.next() => self.heard_of(frame).await,
                Some(news) = self.waits.next(), if !self.waits.is_empty() => match news {
                    Ok((subscription, news)) => self.tell(subscription, news).await,
                    // The client has unsubscribed.
                    Err(_) => Ok(()),
                },
                _ = tick.tick() => self.look_around().await,
            };
            if let Err(end) = went {
                return end;
            }
        }
    }

    /// Sees whether the token still holds and the client is still there.
    async fn look_around(&mut self) -> Result<(), End> {
        self.still_valid()?;
        if self.heard.elapsed() >= Duration::from_millis(self.shared.limits.socket_idle_ms) {
            return Err(End::Said(CloseCode::Policy, "nothing was heard of you (limit socket_idle_ms)"));
        }
        self.send(Frame::Ping(Bytes::new())).await
    }

    fn still_valid(&self) -> Result<(), End> {
        if admit::still_holds(&self.shared.manager, &self.caller, &self.secret) {
            Ok(())
        } else {
            Err(End::Said(CloseCode::Policy, "the token is not valid any more"))
        }
    }

    async fn heard_of(&mut self, frame: Option<Result<Frame, Error>>) -> Result<(), End> {
        self.heard = Instant::now();
        match frame {
            Some(Ok(Frame::Text(text))) => self.request(text.as_str()).await,
            Some(Ok(Frame::Binary(bytes))) => match std::str::from_utf8(&bytes) {
                Ok(text) => self.request(text).await,
                Err(_) => Err(End::Said(CloseCode::Unsupported, "messages are JSON as text")),
            },
            // Pings are answered with the next thing that is sent, and at the latest with the next ping of the server.
            Some(Ok(Frame::Ping(_))) => match self.count() {
                Err(refusal) if refusal.id() == ErrorId::AuthenticationError => self.still_valid(),
                Err(_) => Err(End::Said(CloseCode::Again, "too many messages (limit requests_per_second)")),
                Ok(()) => Ok(()),
            },
            Some(Ok(Frame::Pong(_) | Frame::Frame(_))) => Ok(()),
            Some(Err(Error::Capacity(CapacityError::MessageTooLong { .. }))) => {
                Err(End::Said(CloseCode::Size, "the message is too long (limit socket_message_bytes)"))
            }
            Some(Err(Error::Protocol(_) | Error::Utf8(_))) => {
                Err(End::Said(CloseCode::Protocol, "this is no WebSocket"))
            }
            Some(Ok(Frame::Close(_)) | Err(_)) | None => Err(End::Gone),
        }
    }

    /// Counts a message as a call.
    fn count(&self) -> Result<(), Refusal> {
        admit::principal(&self.shared.manager, &self.secret).map(|_| ())
    }

    async fn request(&mut self, text: &str) -> Result<(), End> {
        let nothing = Request { kind: String::new(), task: None, job: None, token: None };
        let (request, answer) = match self.count().and_then(|()| Request::read(text)) {
            Ok(request) => {
                let answer = self.answer(&request).await;
                (request, answer)
            }
            Err(refusal) => (nothing, Err(refusal)),
        };
        let status = match answer {
            Ok(()) => "OK".to_owned(),
            Err(refusal) if refusal.id() == ErrorId::AuthenticationError => {
                self.still_valid()?;
                refusal.detail().to_owned()
            }
            Err(refusal) => refusal.detail().to_owned(),
        };
        self.send_message(&Message::ack(now(), &request, &status)).await
    }

    async fn answer(&mut self, request: &Request) -> Result<(), Refusal> {
        let wrong = |detail: &str| Refusal::new(ErrorId::InvalidInput, detail);
        let (manager, organisation) = (&self.shared.manager, self.caller.organisation());
        if let Some(token) = request.token.as_deref().filter(|token| *token != self.secret) {
            let other = admit::principal(manager, token)?;
            if other.organisation != *organisation {
                return Err(Refusal::new(
                    ErrorId::NotAllowed,
                    "the token is of another organisation than that of the socket",
                ));
            }
            Caller::new(other).require(Right::JobsRead)?;
        }
        let of = match (&request.task, &request.job) {
            (Some(id), None) => {
                let found = lookup::task(manager, organisation, id).await?;
                Followed { job: found.job.id, task: Some(found.place) }
            }
            (None, Some(id)) => Followed { job: lookup::job(manager, organisation, id).await?.id, task: None },
            (Some(_), Some(_)) | (None, None) => return Err(wrong("say either `taskID` or `jobID`")),
        };
        match request.kind.as_str() {
            "subscribe" => self.subscribe(of).await,
            "unsubscribe" => {
                let open = self.open.remove(&of).ok_or_else(|| wrong("there is no such subscription"))?;
                open.abort();
                Ok(())
            }
            _ => Err(wrong("`msgType` must be `subscribe` or `unsubscribe`")),
        }
    }

    async fn subscribe(&mut self, of: Followed) -> Result<(), Refusal> {
        if self.open.contains_key(&of) {
            return Ok(());
        }
        let (has, most) = (self.open.len() as u64, self.shared.limits.socket_subscriptions);
        if has >= most {
            let detail =
                format!("the socket has {has} subscriptions, and {most} are allowed (limit socket_subscriptions)");
            return Err(Refusal::new(ErrorId::InvalidInput, detail));
        }
        let organisation = self.caller.organisation();
        let following = self.shared.manager.follow_job(organisation, of.job, EventId(0)).await?;
        self.wait_for(Subscription::new(of, following));
        Ok(())
    }

    /// Waits for news of a subscription.
    fn wait_for(&mut self, mut subscription: Subscription) {
        let (handle, registration) = AbortHandle::new_pair();
        self.open.insert(subscription.of, handle);
        let wait = async move {
            let news = subscription.next().await;
            (subscription, news)
        };
        self.waits.push(Abortable::new(wait.boxed(), registration));
    }

    async fn tell(&mut self, subscription: Subscription, news: Result<News, JobsError>) -> Result<(), End> {
        self.still_valid()?;
        let of = subscription.of;
        match news {
            Ok(Some((job, places))) => {
                for place in places {
                    self.tell_of(&job, place).await?;
                }
                // It may have been ended meanwhile, by a message that was read before.
                if self.open.contains_key(&of) {
                    self.wait_for(subscription);
                }
                Ok(())
            }
            // The job has ended and all was sent, or it is gone.
            Ok(None) => {
                self.open.remove(&of);
                Ok(())
            }
            Err(error) => {
                tracing::warn!(job = %of.job, %error, "a job that a socket follows cannot be read");
                Err(End::Said(CloseCode::Error, "a job cannot be read; come back"))
            }
        }
    }

    /// Sends what a task gave, and then its final state.
    async fn tell_of(&mut self, job: &Arc<Job>, place: usize) -> Result<(), End> {
        let Some(task) = job.tasks.get(place) else { return Ok(()) };
        if task.result.is_some() {
            match table_of(&self.shared, &self.caller, job, task).await {
                // Its memory is held until it is sent.
                Ok(Some((output, _held))) => self.send_message(&Message::output(now(), job, place, &output)).await?,
                // The job is gone, with all that belongs to it.
                Ok(None) => {}
                Err(refusal) if refusal.id() == ErrorId::NotFound => {}
                Err(refusal) => {
                    tracing::warn!(job = %job.id, detail = refusal.detail(), "an output that a socket follows cannot be read");
                    return Err(End::Said(CloseCode::Error, "an output cannot be read; come back"));
                }
            }
        }
        self.send_message(&Message::status(now(), job, place, task)).await
    }

    async fn send_message(&mut self, message: &Message<'_>) -> Result<(), End> {
        // Texts and numbers: writing them cannot fail.
        let text = serde_json::to_string(message).unwrap_or_default();
        self.send(Frame::Text(Utf8Bytes::from(text))).await
    }

    async fn send(&mut self, frame: Frame) -> Result<(), End> {
        self.socket.send(frame).await.map_err(|_| End::Gone)
    }

    async fn close(mut self, end: End) -> Io {
        self.waits.clear();
        if let End::Said(code, reason) = end {
            let frame = CloseFrame { code, reason: Utf8Bytes::from_static(reason) };
            // A client that takes nothing does not get to know why.
            let _ = tokio::time::timeout(LAST_WORD, self.socket.close(Some(frame))).await;
        }
        self.socket.into_inner()
    }
}

fn now() -> Time {
    Time(Timestamp(Utc::now().timestamp_millis()))
}
