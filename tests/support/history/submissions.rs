//! The rules that tie jobs to submissions.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::check::{Rule, Story, Violation};
use super::{Act, Answer, Made, Record, Tick, id, text};

/// One submission.
struct Submission<'a> {
    asked: Tick,
    answered: Tick,
    body: &'a str,
    answer: &'a Answer<Made>,
}

impl Submission<'_> {
    fn refused(&self) -> Option<&str> {
        match self.answer {
            Answer::Refused { code, .. } => Some(code),
            _ => None,
        }
    }
}

/// All submissions: those under a key by key, and the others.
struct Submissions<'a> {
    keyed: BTreeMap<&'a str, Vec<Submission<'a>>>,
    single: Vec<Submission<'a>>,
}

impl<'a> Submissions<'a> {
    fn of(records: &'a [Record]) -> Self {
        let mut all = Self { keyed: BTreeMap::new(), single: Vec::new() };
        for record in records {
            if let Act::Submit { key, body, answer, .. } = &record.act {
                let submission = Submission { asked: record.asked, answered: record.answered, body, answer };
                match key {
                    Some(key) => all.keyed.entry(key).or_default().push(submission),
                    None => all.single.push(submission),
                }
            }
        }
        all
    }
}

fn acknowledged<'a>(submissions: &[Submission<'a>]) -> BTreeSet<&'a str> {
    submissions.iter().filter_map(|submission| made(submission.answer)).map(|made| id(&made.job)).collect()
}

fn made(answer: &Answer<Made>) -> Option<&Made> {
    match answer {
        Answer::Done(made) => Some(made),
        _ => None,
    }
}

/// The jobs of each key: those that were answered, and those that have a body that was sent under it.
pub(super) fn keys(records: &[Record]) -> BTreeMap<&str, BTreeSet<&str>> {
    let by_body = by_body(&jobs(records));
    Submissions::of(records).keyed.into_iter().map(|(key, group)| (key, all_of(&group, &by_body))).collect()
}

/// The jobs of each body, copies aside.
fn by_body<'a>(jobs: &BTreeMap<&'a str, &'a Value>) -> BTreeMap<&'a str, BTreeSet<&'a str>> {
    let mut by_body: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (id, job) in jobs.iter().filter(|(_, job)| text(job, "retry_of").is_empty()) {
        by_body.entry(text(job, "custom_data")).or_default().insert(id);
    }
    by_body
}

/// Every job that the server ever showed to a client, as it showed it first.
pub(super) fn jobs(records: &[Record]) -> BTreeMap<&str, &Value> {
    let mut jobs = BTreeMap::new();
    let mut take = |job| {
        jobs.entry(id(job)).or_insert(job);
    };
    for record in records {
        match &record.act {
            Act::Submit { answer: Answer::Done(made), .. } => take(&made.job),
            Act::Seen(job)
            | Act::Cancel(_, Answer::Done(job))
            | Act::Retry(_, Answer::Done(job))
            | Act::Copy(_, Answer::Done(job)) => take(job),
            Act::Everything(all) => all.iter().for_each(&mut take),
            _ => {}
        }
    }
    jobs
}

/// Says which rules submissions and jobs break together.
pub(super) fn check(records: &[Record], story: &Story<'_>) -> Vec<Violation> {
    let all = Submissions::of(records);
    let mut found = Vec::new();
    let mut add = |rule, what| found.push(Violation { rule, what });
    let jobs = jobs(records);
    let by_body = by_body(&jobs);
    let mut copies: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (id, job) in &jobs {
        copies.entry(text(job, "retry_of")).or_default().insert(id);
    }
    for (original, ids) in copies.iter().filter(|(original, _)| !original.is_empty()) {
        let asked = story.cases.get(original).map_or(0, |case| case.copies);
        if ids.len() > asked {
            add(Rule::NobodyAsked, format!("{asked} copies of {original} were asked for: {ids:?}"));
        }
    }
    for (key, submissions) in &all.keyed {
        for (rule, what) in key_rules(submissions, story, &by_body) {
            add(rule, format!("key {key}: {what}"));
        }
    }
    // Two submissions without a key never share a job.
    let mut known = BTreeSet::new();
    for made in all.single.iter().filter_map(|submission| made(submission.answer)) {
        if !known.insert(id(&made.job)) || !made.new {
            add(Rule::MadeTwice, format!("a submission without a key was answered with an old job: {}", made.job));
        }
    }
    for (body, ids) in &by_body {
        let single = all.single.iter().filter(|one| one.body == *body && one.refused().is_none()).count();
        let keyed: usize = all
            .keyed
            .values()
            .filter(|group| group.iter().any(|one| one.body == *body && one.refused().is_none()))
            .map(|group| 1 + purges(&all_of(group, &by_body), story))
            .sum();
        let most = single + keyed;
        if most == 0 {
            add(Rule::NobodyAsked, format!("jobs {ids:?} with the body {body:?}"));
        } else if ids.len() > most {
            add(Rule::MadeTwice, format!("{most} submissions of {body:?} made {ids:?}"));
        }
    }
    found
}

/// The jobs that were answered, and those that have a body that was sent.
fn all_of<'a>(submissions: &[Submission<'a>], by_body: &BTreeMap<&'a str, BTreeSet<&'a str>>) -> BTreeSet<&'a str> {
    let with_body = submissions.iter().filter_map(|one| by_body.get(one.body)).flatten().copied();
    with_body.chain(acknowledged(submissions)).collect()
}

/// How often jobs were purged, which frees their keys.
fn purges(ids: &BTreeSet<&str>, story: &Story<'_>) -> usize {
    ids.iter().filter(|id| story.cases.get(*id).is_some_and(|case| !case.purges.is_empty())).count()
}

fn key_rules<'a>(
    submissions: &[Submission<'a>],
    story: &Story<'_>,
    by_body: &BTreeMap<&'a str, BTreeSet<&'a str>>,
) -> Vec<(Rule, String)> {
    let mut found = Vec::new();
    let ids = acknowledged(submissions);
    let all = all_of(submissions, by_body);
    let purges = purges(&all, story);
    if ids.len() > 1 + purges {
        found.push((Rule::KeyShared, format!("it was answered with {ids:?}")));
    }
    let news = submissions.iter().filter_map(|one| made(one.answer)).filter(|made| made.new).count();
    if news > 1 + purges {
        found.push((Rule::MadeTwice, format!("{news} times a new job")));
    }
    if purges > 0 {
        return found;
    }
    let accepted: BTreeSet<&str> =
        submissions.iter().filter(|one| made(one.answer).is_some()).map(|one| one.body).collect();
    if accepted.len() > 1 {
        found.push((Rule::KeyShared, format!("it was accepted with {accepted:?}")));
    }
    if all.len() > 1 {
        found.push((Rule::MadeTwice, format!("its bodies made {all:?}")));
    }
    for refused in submissions.iter().filter(|one| one.refused() == Some("idempotency-mismatch")) {
        let other = submissions
            .iter()
            .any(|one| one.body != refused.body && one.refused().is_none() && one.asked < refused.answered);
        if !other || accepted.contains(refused.body) {
            found.push((Rule::KeyRefused, format!("at {} for {:?}", refused.asked, refused.body)));
        }
    }
    found
}
