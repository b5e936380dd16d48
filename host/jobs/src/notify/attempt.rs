//! One try of one delivery.

use std::time::{Instant, SystemTime};

use analyte_core::timestamp::Timestamp;
use analyte_core::webhook::{Answered, Attempted, Message, Pauses, TryMade, Webhook};
use analyte_outgoing::{Answer, Denied, Request, Target};
use analyte_store::{DueDelivery, Tried};
use bytes::Bytes;
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};

use crate::manager::Manager;
use crate::notify::check::SECTION;
use crate::run::attempt::jitter;

const ID: HeaderName = HeaderName::from_static("webhook-id");
const TIMESTAMP: HeaderName = HeaderName::from_static("webhook-timestamp");
const SIGNATURE: HeaderName = HeaderName::from_static("webhook-signature");

/// What a try came to: the status that the receiver answered, where it did, and what was wrong.
struct Outcome {
    status: Option<StatusCode>,
    problem: Option<String>,
    /// For how long the receiver wants to be left alone, in milliseconds.
    pause_ms: Option<u64>,
}

impl Manager {
    /// Tries once, and says what is to be remembered.
    pub(super) async fn try_delivery(self, due: DueDelivery) -> Tried {
        let (at, begun) = (self.now(), Instant::now());
        let DueDelivery { job, destination, delivery } = due;
        let outcome = match job.webhooks.get(usize::from(delivery.id.webhook)) {
            Some(webhook) => self.post(webhook, Message::of(&job, &delivery), at).await,
            // Webhooks never change.
            None => Outcome { status: None, problem: Some("the webhook is gone".to_owned()), pause_ms: None },
        };
        let took_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        let tries = delivery.tries.saturating_add(1);
        let answered = match &outcome {
            Outcome { problem: None, .. } => Answered::Taken,
            Outcome { status: Some(StatusCode::GONE), .. } => Answered::Gone,
            Outcome { pause_ms, .. } => match self.pauses().after(tries, jitter(), *pause_ms) {
                Some(pause) => Answered::Again { due: at.plus_ms(took_ms).plus_ms(pause) },
                None => Answered::GivenUp,
            },
        };
        let Outcome { status, problem, .. } = outcome;
        let why = problem.as_deref().unwrap_or_default();
        match answered {
            Answered::Taken | Answered::Again { .. } => {
                tracing::debug!(job = %job.id, notice = %delivery.id, %destination, tries, why, "a notification was tried");
            }
            Answered::GivenUp => {
                tracing::warn!(job = %job.id, notice = %delivery.id, %destination, tries, why, "a notification is given up");
            }
            Answered::Gone => {
                tracing::warn!(job = %job.id, notice = %delivery.id, %destination, "the receiver answered 410: the job notifies it no more");
            }
        }
        self.inner.metrics.notified(answered, took_ms);
        let made = TryMade { at, took_ms, answer: status.map(|status| status.as_u16()), problem };
        let attempted = Attempted { id: delivery.id, made, answered };
        Tried { organisation: job.organisation.clone(), job: job.id, attempted }
    }

    fn pauses(&self) -> Pauses {
        let limits = &self.inner.limits;
        Pauses {
            tries: limits.webhook_tries,
            first_ms: limits.webhook_pause_ms,
            longest_ms: limits.webhook_pause_ms_max,
        }
    }

    async fn post(&self, webhook: &Webhook, message: Message, now: Timestamp) -> Outcome {
        let failed = |problem: String| Outcome { status: None, problem: Some(problem), pause_ms: None };
        let Some(client) = &self.inner.outgoing else {
            return failed(Denied::None { section: SECTION }.to_string());
        };
        let target = match Target::parse(&webhook.url) {
            Ok(target) => target,
            Err(error) => return failed(format!("the address of the webhook {error}")),
        };
        let headers = match headers(webhook, &message, now) {
            Ok(headers) => headers,
            Err(error) => return failed(error.to_string()),
        };
        let request = Request { method: Method::POST, target, headers, body: Bytes::from(message.body) };
        match client.send(request).await {
            Ok(Answer { status, headers, .. }) => {
                let taken = status.is_success();
                let problem = if status.is_redirection() {
                    format!("the receiver answered {status}; redirects are not followed")
                } else {
                    format!("the receiver answered {status}")
                };
                let pause_ms = headers.get(RETRY_AFTER).and_then(|value| pause_ms(value, SystemTime::now()));
                Outcome { status: Some(status), problem: (!taken).then_some(problem), pause_ms }
            }
            Err(error) => failed(error.to_string()),
        }
    }
}

fn headers(
    webhook: &Webhook,
    message: &Message,
    now: Timestamp,
) -> Result<HeaderMap, http::header::InvalidHeaderValue> {
    let second = now.0.div_euclid(1_000);
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(ID, HeaderValue::from_str(&message.id)?);
    headers.insert(TIMESTAMP, HeaderValue::from(second));
    if let Some(secret) = &webhook.secret {
        let mut signature = HeaderValue::from_str(&secret.sign(&message.id, second, &message.body))?;
        signature.set_sensitive(true);
        headers.insert(SIGNATURE, signature);
    }
    Ok(headers)
}

/// How long `Retry-After` asks to wait, in milliseconds: a number of seconds, or a date. `None`: it is neither.
fn pause_ms(value: &HeaderValue, now: SystemTime) -> Option<u64> {
    let text = value.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(seconds.saturating_mul(1_000));
    }
    let at = httpdate::parse_http_date(text).ok()?;
    // A date that has passed asks for nothing.
    let pause = at.duration_since(now).unwrap_or_default();
    Some(u64::try_from(pause.as_millis()).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = UNIX_EPOCH + Duration::from_secs(1_445_412_480);
        let pause = |text: &'static str| pause_ms(&HeaderValue::from_static(text), now);
        assert_eq!(pause("120"), Some(120_000));
        assert_eq!(pause(" 0 "), Some(0));
        assert_eq!(pause("18446744073709551615"), Some(u64::MAX));
        assert_eq!(pause("Wed, 21 Oct 2015 07:29:00 GMT"), Some(60_000));
        assert_eq!(pause("Wed, 21 Oct 2015 07:00:00 GMT"), Some(0));
        for odd in ["", "-1", "soon", "1.5", "99999999999999999999"] {
            assert_eq!(pause(odd), None, "{odd}");
        }
    }
}
