//! What a server counts of itself, as `/metrics` tells it.

use support::http::Http;

/// The sum of a metric over its labels; those with this text among their labels only, unless it is empty. 0 where there is
/// none yet.
pub(crate) fn sum(text: &str, name: &str, label: &str) -> f64 {
    let samples = text.lines().filter_map(|line| line.strip_prefix(name)?.rsplit_once(' '));
    let own = samples.filter(|(labels, _)| labels.is_empty() || labels.starts_with('{'));
    own.filter(|(labels, _)| labels.contains(label)).filter_map(|(_, value)| value.parse::<f64>().ok()).sum()
}

/// Jobs that completed, and jobs that ended otherwise.
pub(crate) fn ended(http: &Http) -> (usize, usize) {
    let text = http.get("/metrics").expect(200).text();
    let (all, completed) =
        (sum(&text, "analyte_jobs_ended_total", ""), sum(&text, "analyte_jobs_ended_total", "outcome=\"completed\""));
    (whole(completed), whole(all - completed))
}

/// Jobs that were kept.
pub(crate) fn submitted(http: &Http) -> usize {
    whole(sum(&http.get("/metrics").expect(200).text(), "analyte_jobs_submitted_total", ""))
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count")]
fn whole(number: f64) -> usize {
    number as usize
}
