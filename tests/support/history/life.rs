//! The rules of one job's life.

use std::fmt;

use serde_json::Value;

use super::check::{Case, Fact, Rule, Story, Violation, Window};
use super::{Ends, ended, status, text};

/// What a submission fixes for good.
const FIXED: [&str; 12] = [
    "id",
    "provider",
    "model",
    "max_attempts",
    "priority",
    "limits",
    "created_at",
    "run_at",
    "retry_of",
    "schedule",
    "tags",
    "custom_data",
];

/// A task that was running in this number of crashes ends.
const CRASHES: u64 = 5;

/// Says which rules this job broke.
pub(super) fn check(id: &str, case: &Case<'_>, story: &Story<'_>) -> Vec<Violation> {
    let mut found = Found { id, violations: Vec::new() };
    existence(case, &mut found);
    inputs(case, &mut found);
    for fact in &case.facts {
        if let Some(job) = fact.job {
            form(job, &mut found);
            end(job, fact, case, story, &mut found);
            attempts(job, fact, case, story, &mut found);
        }
        if fact.cancel && fact.statuses != ["cancelled"] {
            found.add(Rule::CancelUnheeded, format!("the cancel was answered with {:?}", fact.statuses));
        }
    }
    for before in &case.facts {
        for after in case.facts.iter().filter(|after| before.answered < after.asked) {
            order(before, after, case, &mut found);
        }
    }
    if case.results.len() > 1 {
        found.add(Rule::ResultChanged, format!("its result was {:?}", case.results));
    }
    found.violations
}

struct Found<'a> {
    id: &'a str,
    violations: Vec<Violation>,
}

impl Found<'_> {
    fn add(&mut self, rule: Rule, what: impl fmt::Display) {
        // The first of each kind says enough.
        if !self.violations.iter().any(|known| known.rule == rule) {
            self.violations.push(Violation { rule, what: format!("job {}: {what}", self.id) });
        }
    }
}

fn existence(case: &Case<'_>, found: &mut Found<'_>) {
    for missing in &case.missing {
        let was_there = case.facts.iter().any(|fact| fact.answered < missing.from);
        let purged = case.purges.iter().any(|(purge, _)| purge.from < missing.until);
        if was_there && !purged {
            let last = case.facts.iter().filter(|fact| fact.answered < missing.from).max_by_key(|fact| fact.answered);
            found.add(Rule::Lost, format!("missing at {missing:?}, and before: {last:?}"));
        }
    }
    for (purge, _) in case.purges.iter().filter(|(_, certain)| *certain) {
        if let Some(fact) = case.facts.iter().find(|fact| purge.until < fact.asked) {
            found.add(Rule::PurgedReturned, format!("purged at {purge:?}, seen at {}", fact.asked));
        }
    }
}

fn inputs(case: &Case<'_>, found: &mut Found<'_>) {
    let mut jobs = case.facts.iter().filter_map(|fact| fact.job);
    let Some(first) = jobs.next() else { return };
    if case.body.is_some_and(|body| body != text(first, "custom_data")) {
        found.add(Rule::InputChanged, format!("submitted as {:?}, and is {first}", case.body));
    }
    for job in jobs {
        for member in FIXED.iter().filter(|member| first.get(**member) != job.get(**member)) {
            found.add(Rule::InputChanged, format!("`{member}` of {first}\n  became that of {job}"));
        }
    }
}

/// What each state says of the other members.
fn form(job: &Value, found: &mut Found<'_>) {
    let is = |member: &str| job.get(member).is_some_and(|value| !value.is_null());
    let started = is("started_at");
    let fits = match status(job) {
        "queued" => !started && !is("finished_at") && is("waiting"),
        "running" => started && !is("finished_at") && attempt(job) > 0,
        "completed" => started && is("finished_at") && attempt(job) > 0 && !is("error") && !is("waiting"),
        "failed" | "cancelled" => is("finished_at") && is("error") && !is("waiting"),
        _ => false,
    };
    if !fits {
        found.add(Rule::IllFormed, job.to_string());
    }
}

fn end(job: &Value, fact: &Fact<'_>, case: &Case<'_>, story: &Story<'_>, found: &mut Found<'_>) {
    let expected = story.ends.get(text(job, "custom_data")).copied();
    let code = job.pointer("/error/code").and_then(Value::as_str).unwrap_or_default();
    match status(job) {
        "cancelled" if !case.cancels.iter().any(|cancel| cancel.from < fact.answered) => {
            found.add(Rule::CancelledByNobody, job.to_string());
        }
        "completed" if matches!(expected, Some(Ends::Failed(_))) => {
            found.add(Rule::WrongEnd, format!("{expected:?} was expected: {job}"));
        }
        "failed" if code == "host-error" => {
            let crashes = before(&story.crashes, fact);
            if crashes < CRASHES || attempt(job) < CRASHES {
                found.add(Rule::CrashBudget, format!("after {crashes} crashes at most: {job}"));
            }
        }
        "failed" if expected.is_some() && !matches!(expected, Some(Ends::Failed(known)) if *known == code) => {
            found.add(Rule::WrongEnd, format!("{expected:?} was expected: {job}"));
        }
        _ => {}
    }
}

/// Every start but the first needs a reason.
fn attempts(job: &Value, fact: &Fact<'_>, case: &Case<'_>, story: &Story<'_>, found: &mut Found<'_>) {
    let (crashes, drains) = (before(&story.crashes, fact), before(&story.drains, fact));
    let retries = before(&case.retries, fact);
    if attempt(job) > 1 + crashes + drains + retries {
        let reasons = format!("{crashes} crashes, {drains} stops and {retries} retries at most");
        found.add(Rule::AttemptFromNowhere, format!("{reasons}: {job}"));
    }
    if attempt(job) > CRASHES * (1 + retries) + drains {
        found.add(Rule::CrashBudget, format!("{drains} stops and {retries} retries at most, and it ran again: {job}"));
    }
}

fn before(windows: &[Window], fact: &Fact<'_>) -> u64 {
    windows.iter().filter(|window| window.from < fact.answered).map(|_| 1).sum()
}

/// What may lie between two facts, where the answer with the first had come before the request for the second was sent.
fn order(before: &Fact<'_>, after: &Fact<'_>, case: &Case<'_>, found: &mut Found<'_>) {
    let retried = case.retries.iter().any(|retry| retry.from < after.answered && retry.until > before.asked);
    let possible = before.statuses.iter().any(|from| after.statuses.iter().any(|to| reachable(from, to, retried)));
    let shown = || {
        let show = |fact: &Fact<'_>| fact.job.map_or_else(|| format!("{:?}", fact.statuses), Value::to_string);
        format!("at {}: {}\n  at {}: {}", before.answered, show(before), after.asked, show(after))
    };
    if !possible {
        let rule = if before.cancel {
            Rule::CancelUnheeded
        } else if before.statuses.iter().all(|status| ended(status)) {
            Rule::EndChanged
        } else {
            Rule::WentBack
        };
        found.add(rule, shown());
    }
    let (Some(old), Some(new)) = (before.job, after.job) else { return };
    if attempt(new) < attempt(old) {
        found.add(Rule::AttemptFell, shown());
    }
    let final_for_good = status(old) == "completed" || !retried;
    if ended(status(old)) && final_for_good && possible && old != new {
        let members = old.as_object().into_iter().flatten().map(|(member, _)| member.as_str());
        let changed: Vec<&str> = members.filter(|member| old.get(*member) != new.get(*member)).collect();
        found.add(Rule::EndChanged, format!("{changed:?} changed\n  {}", shown()));
    }
    let runs_again = ended(status(old)) && old != new && ["running", "completed"].contains(&status(new));
    if runs_again && retried && attempt(new) == attempt(old) {
        found.add(Rule::OldAttempt, shown());
    }
    let started_anew =
        !old.get("started_at").is_none_or(Value::is_null) && old.get("started_at") != new.get("started_at");
    if started_anew && !retried && possible {
        found.add(Rule::WentBack, shown());
    }
}

fn reachable(from: &str, to: &str, retried: bool) -> bool {
    match from {
        "queued" => true,
        "running" => to != "queued" || retried,
        "completed" => to == "completed",
        _ => from == to || retried,
    }
}

fn attempt(job: &Value) -> u64 {
    job.get("attempt").and_then(Value::as_u64).unwrap_or_default()
}
