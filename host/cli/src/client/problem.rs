//! Refusals of a server in words for people.

use std::io::Read as _;

use serde_json::Value;
use ureq::http::Response;
use ureq::http::header::RETRY_AFTER;
use ureq::{Body, Error};

use crate::output::list::{items, text};
use crate::output::report::Report;

/// More of a refusal is not read.
const MOST: u64 = 1 << 20;

/// The server could not be asked.
pub(super) fn unreachable(server: &str, error: &Error) -> Report {
    let report = Report::new(format!("the server at {server} cannot be reached")).fact(format!("because: {error}"));
    if let Some(error) = handshake(error) {
        return report.hint(distrust(error));
    }
    match error {
        Error::HostNotFound | Error::ConnectionFailed | Error::Timeout(_) | Error::Io(_) => {
            report.hint("is it running? `analyte serve` starts one; --server or ANALYTE_SERVER names another")
        }
        _ => report,
    }
}

/// What went wrong with TLS, if it was that.
fn handshake(error: &Error) -> Option<&rustls::Error> {
    match error {
        Error::Rustls(error) => Some(error),
        Error::Io(error) => error.get_ref()?.downcast_ref(),
        _ => None,
    }
}

fn distrust(error: &rustls::Error) -> &'static str {
    use rustls::CertificateError::{Expired, ExpiredContext, NotValidForName, NotValidForNameContext};
    match error {
        rustls::Error::InvalidCertificate(NotValidForName | NotValidForNameContext { .. }) => {
            "call the server by a name that stands in its certificate"
        }
        rustls::Error::InvalidCertificate(Expired | ExpiredContext { .. }) => {
            "the server's certificate has to be renewed"
        }
        rustls::Error::InvalidCertificate(_) => {
            "where an authority of your own vouches for the server, name its certificate: --ca-certificate or \
             ANALYTE_CA_CERTIFICATE"
        }
        _ => "does the server speak TLS? its address begins with http:// where it does not",
    }
}

/// The server refused.
pub(super) fn refused(answer: Response<Body>) -> Report {
    let status = answer.status();
    let wait = answer.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let mut body = Vec::new();
    // What of it came is enough to tell something.
    drop(answer.into_body().into_reader().take(MOST).read_to_end(&mut body));
    match serde_json::from_slice::<Value>(&body) {
        Ok(problem) if problem.get("code").is_some() => {
            let mut report = failure(&problem, "/detail");
            report.hint = report.hint.or_else(|| hint(&text(&problem, "/code"), wait.as_deref()));
            report
        }
        _ => {
            let said: String = String::from_utf8_lossy(&body).chars().take(200).collect();
            let report = Report::new(format!("the server answered {status}, and not in Analyte's way"));
            let report = if said.trim().is_empty() { report } else { report.fact(said.trim()) };
            report.hint("is this the address of an Analyte server? --server or ANALYTE_SERVER names another")
        }
    }
}

/// A problem document, or one of a job's errors, whose sentence stands under `message`.
pub(crate) fn failure(document: &Value, message: &str) -> Report {
    let sentence = text(document, message);
    let mut report = Report::new(format!("{}: {sentence}", text(document, "/code")));
    let errors: Vec<&Value> = items(document, "/errors").collect();
    match errors.as_slice() {
        // The only one is the sentence already.
        [only] if sentence.contains(&text(only, "/message")) => {}
        errors => report.facts.extend(errors.iter().map(|error| place(error))),
    }
    for (name, value) in document.get("details").and_then(Value::as_object).into_iter().flatten() {
        report = report.fact(format!("{name}: {}", value.as_str().map_or_else(|| value.to_string(), str::to_owned)));
    }
    let trap = text(document, "/trap");
    let said_already = |cause: &&str| sentence.contains(*cause) || trap == *cause;
    for cause in items(document, "/causes").filter_map(Value::as_str).filter(|cause| !said_already(cause)) {
        report = report.fact(format!("because: {cause}"));
    }
    if !trap.is_empty() {
        report = report.fact(format!("trap: {trap}"));
    }
    let frames: Vec<&str> = items(document, "/frames").filter_map(Value::as_str).collect();
    if !frames.is_empty() {
        report = report.fact("in, innermost first:");
        report.facts.extend(frames.into_iter().map(|frame| format!("  {frame}")));
    }
    let stderr = text(document, "/stderr");
    if !stderr.is_empty() {
        report = report.fact("the end of what the component wrote to stdout and stderr:");
        report.facts.extend(stderr.lines().map(|line| format!("  {line}")));
    }
    report.hint = Some(text(document, "/hint")).filter(|hint| !hint.is_empty());
    report
}

/// One thing that is wrong, with its place.
fn place(error: &Value) -> String {
    let message = text(error, "/message");
    let (field, row, pointer) = (text(error, "/field"), text(error, "/row"), text(error, "/pointer"));
    match (field.is_empty(), row.is_empty(), pointer.is_empty()) {
        (false, false, _) => format!("field `{field}`, row {row}: {message}"),
        (false, true, _) => format!("field `{field}`: {message}"),
        (true, false, _) => format!("row {row}: {message}"),
        (true, true, false) => format!("{pointer}: {message}"),
        (true, true, true) => message,
    }
}

/// What to do next, where the server did not say.
fn hint(code: &str, wait: Option<&str>) -> Option<String> {
    let hint = match code {
        "unauthorized" => {
            "give a valid token with --token or ANALYTE_TOKEN, or name the server's data directory with --data-dir"
        }
        "not-finished" => "`analyte job status ID --wait` waits for the end",
        "no-result" => "`analyte job errors ID` says why",
        "busy" => {
            return Some(match wait {
                Some(seconds) => format!("try again in {seconds} s"),
                None => "try again in a while".to_owned(),
            });
        }
        _ => return None,
    };
    Some(hint.to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_refusal_is_shown_with_all_its_places() {
        let problem = json!({
            "code": "invalid-input", "detail": "field `x`, row 3: `a` is not a number (and 1 more problem)",
            "errors": [
                {"pointer": "/input", "field": "x", "row": 3, "message": "`a` is not a number"},
                {"pointer": "/input", "field": "y", "message": "the field is required, and it is not there"},
            ],
        });
        assert_eq!(
            failure(&problem, "/detail"),
            Report {
                message: "invalid-input: field `x`, row 3: `a` is not a number (and 1 more problem)".to_owned(),
                facts: vec![
                    "field `x`, row 3: `a` is not a number".to_owned(),
                    "field `y`: the field is required, and it is not there".to_owned(),
                ],
                hint: None,
            }
        );
        let single = json!({
            "code": "malformed", "detail": "`/priority` must be a whole number",
            "errors": [{"pointer": "/priority", "message": "must be a whole number"}],
        });
        assert_eq!(failure(&single, "/detail"), Report::new("malformed: `/priority` must be a whole number"));
    }
}
