//! A client that records what it asks and what the server answers.

use std::sync::Arc;

use analyte_core::digest::Digest;
use serde_json::{Value, json};

use super::{Act, Answer, Ends, History, JobEvent, Made, id, text};
use crate::http::{Answer as HttpAnswer, Http};

/// Calls of one client, recorded.
#[derive(Debug, Clone)]
pub struct Recorder {
    /// For the calls.
    pub http: Http,
    /// Where they are kept.
    pub history: Arc<History>,
}

impl Recorder {
    /// Submits a job whose custom data is `body`, a text that no other body has.
    pub fn submit(&self, key: Option<&str>, body: &str, ends: &Ends, submission: &Value) -> Answer<Value> {
        let submission = marked(submission, body);
        let mut headers = vec![("content-type", "application/json")];
        headers.extend(key.map(|key| ("idempotency-key", key)));
        let asked = self.history.tick();
        let answer = self.http.try_call("POST", "/v1/jobs", &headers, Some(submission.to_string().as_bytes()));
        let answer = understood(answer, &[200, 201], |answer| Made { job: answer.json(), new: answer.status == 201 });
        let job = answer.clone().map(|made| made.job);
        let (key, body, ends) = (key.map(str::to_owned), body.to_owned(), ends.clone());
        self.history.record(asked, Act::Submit { key, body, ends, answer });
        job
    }

    /// Submits several jobs in one call; body, end and submission of each. Under a key each item has one of its own.
    pub fn submit_all(&self, key: Option<&str>, submissions: &[(String, Ends, Value)]) -> Answer<Vec<Value>> {
        let asked = self.history.tick();
        let jobs: Vec<Value> = submissions.iter().map(|(body, _, submission)| marked(submission, body)).collect();
        let jobs = json!({ "jobs": jobs }).to_string();
        let mut headers = vec![("content-type", "application/json")];
        headers.extend(key.map(|key| ("idempotency-key", key)));
        let answer = self.http.try_call("POST", "/v1/jobs/batch", &headers, Some(jobs.as_bytes()));
        let answer = understood(answer, &[200], |answer| {
            answer.json().get("items").and_then(Value::as_array).cloned().unwrap_or_default()
        });
        for (number, (body, ends, _)) in submissions.iter().enumerate() {
            let item = answer.clone().map(|items| items.get(number).cloned().unwrap_or_default());
            let answer = match item {
                Answer::Done(item) => match item.get("job") {
                    Some(job) => Answer::Done(Made { job: job.clone(), new: key.is_none() }),
                    None => refusal(200, item.get("error").unwrap_or(&Value::Null)),
                },
                Answer::Refused { status, code } => Answer::Refused { status, code },
                Answer::Unknown => Answer::Unknown,
            };
            let (body, ends) = (body.clone(), ends.clone());
            let key = key.map(|key| format!("{key}#{number}"));
            self.history.record(asked, Act::Submit { key, body, ends, answer });
        }
        answer.map(|items| items.iter().filter_map(|item| item.get("job").cloned()).collect())
    }

    /// Looks at a job.
    pub fn get(&self, job: &str) -> Answer<Value> {
        let asked = self.history.tick();
        let answer = self.http.try_call("GET", &format!("/v1/jobs/{job}"), &[], None);
        let answer = understood(answer, &[200], HttpAnswer::json);
        match &answer {
            Answer::Done(seen) => self.history.record(asked, Act::Seen(seen.clone())),
            Answer::Refused { status: 404, .. } => self.history.record(asked, Act::Missing(job.to_owned())),
            Answer::Refused { .. } | Answer::Unknown => {}
        }
        answer
    }

    /// Looks at the newest jobs.
    pub fn list(&self, query: &str) -> Answer<Vec<Value>> {
        let asked = self.history.tick();
        let answer = self.http.try_call("GET", &format!("/v1/jobs?{query}"), &[], None);
        let answer = understood(answer, &[200], jobs);
        if let Answer::Done(jobs) = &answer {
            // One record each, all of the time of the whole call.
            for job in jobs {
                self.history.record(asked, Act::Seen(job.clone()));
            }
        }
        answer
    }

    /// Reads every job there is, while no client submits or purges.
    pub fn everything(&self) -> Vec<Value> {
        let asked = self.history.tick();
        let (mut all, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = self.http.get(&format!("/v1/jobs?limit=1000{cursor}")).expect(200);
            all.extend(jobs(&page));
            match page.json().get("next_cursor").and_then(Value::as_str) {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        self.history.record(asked, Act::Everything(all.clone()));
        all
    }

    /// Stops a job.
    pub fn cancel(&self, job: &str) -> Answer<Value> {
        let asked = self.history.tick();
        let answer = self.http.try_call("POST", &format!("/v1/jobs/{job}/cancel"), &[], None);
        let answer = understood(answer, &[200], HttpAnswer::json);
        self.history.record(asked, Act::Cancel(job.to_owned(), answer.clone()));
        answer
    }

    /// Runs a job again, in place or as a copy.
    pub fn retry(&self, job: &str, copy: bool) -> Answer<Value> {
        let asked = self.history.tick();
        let body = json!({"as": if copy { "copy" } else { "same" }}).to_string();
        let headers = [("content-type", "application/json")];
        let answer = self.http.try_call("POST", &format!("/v1/jobs/{job}/retry"), &headers, Some(body.as_bytes()));
        let answer = understood(answer, &[200, 201], HttpAnswer::json);
        let act = if copy { Act::Copy } else { Act::Retry };
        self.history.record(asked, act(job.to_owned(), answer.clone()));
        answer
    }

    /// Removes a job that has ended.
    pub fn purge(&self, job: &str) -> Answer<()> {
        let asked = self.history.tick();
        let answer = self.http.try_call("DELETE", &format!("/v1/jobs/{job}"), &[], None);
        let answer = understood(answer, &[200, 204], |_| ());
        self.history.record(asked, Act::Purge(job.to_owned(), answer.clone()));
        answer
    }

    /// Reads a job's result.
    pub fn results(&self, job: &str) -> Answer<Value> {
        let asked = self.history.tick();
        let answer = self.http.try_call("GET", &format!("/v1/jobs/{job}/results"), &[], None);
        let answer = understood(answer, &[200], |answer| (Digest::of(&answer.body).to_string(), answer.json()));
        let table = answer.clone().map(|(_, table)| table);
        self.history.record(asked, Act::Results(job.to_owned(), answer.map(|(digest, _)| digest)));
        table
    }

    /// Reads the events of a job until the stream ends.
    pub fn events(&self, job: &str) -> Answer<Vec<JobEvent>> {
        let asked = self.history.tick();
        let headers = [("accept", "text/event-stream")];
        let answer = self.http.try_call("GET", &format!("/v1/jobs/{job}/events"), &headers, None);
        let answer = understood(answer, &[200], |answer| events(&answer.text()));
        if let Answer::Done(events) = &answer {
            let (job, events) = (job.to_owned(), events.clone());
            self.history.record(asked, Act::Events { job, events, closed: true });
        }
        answer
    }
}

impl<T> Answer<T> {
    /// The same answer about something else.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Answer<U> {
        match self {
            Self::Done(value) => Answer::Done(change(value)),
            Self::Refused { status, code } => Answer::Refused { status, code },
            Self::Unknown => Answer::Unknown,
        }
    }

    /// What was done.
    pub fn done(self) -> Option<T> {
        match self {
            Self::Done(value) => Some(value),
            Self::Refused { .. } | Self::Unknown => None,
        }
    }
}

fn understood<T>(answer: Result<HttpAnswer, String>, done: &[u16], read: impl FnOnce(&HttpAnswer) -> T) -> Answer<T> {
    match answer {
        Err(_) => Answer::Unknown,
        Ok(answer) if done.contains(&answer.status) => Answer::Done(read(&answer)),
        Ok(answer) => refusal(answer.status, &serde_json::from_slice(&answer.body).unwrap_or_default()),
    }
}

fn refusal<T>(status: u16, problem: &Value) -> Answer<T> {
    Answer::Refused { status, code: text(problem, "code").to_owned() }
}

fn marked(submission: &Value, body: &str) -> Value {
    let mut submission = submission.clone();
    if let Some(members) = submission.as_object_mut() {
        members.insert("custom_data".to_owned(), json!(body));
    }
    submission
}

fn jobs(answer: &HttpAnswer) -> Vec<Value> {
    let jobs = answer.json().get("jobs").and_then(Value::as_array).cloned().unwrap_or_default();
    assert!(jobs.iter().all(|job| !id(job).is_empty()), "{}", answer.text());
    jobs
}

/// Events as they stand in a finished stream.
pub fn events(stream: &str) -> Vec<JobEvent> {
    let field = |block: &str, name: &str| {
        let lines = block.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        lines.map(|line| line.strip_prefix(' ').unwrap_or(line)).collect::<Vec<_>>().join("\n")
    };
    let blocks = stream.split("\n\n").filter(|block| block.lines().any(|line| line.starts_with("data:")));
    blocks
        .map(|block| JobEvent {
            id: field(block, "id").parse().unwrap_or_default(),
            kind: field(block, "event"),
            data: serde_json::from_str(&field(block, "data")).unwrap_or_default(),
        })
        .collect()
}
