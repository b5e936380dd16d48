//! A schedule as clients write it, turned into what the job manager takes.

use analyte_core::document::Document;
use analyte_core::limits::Limits;
use analyte_core::schedule::{CatchUp, Overlap};
use analyte_jobs::ScheduleAsked;
use bytes::Bytes;
use serde::Deserialize;
use utoipa::ToSchema;

use super::when::{self, WhenBody};
use crate::entry::auth::Caller;
use crate::native::jobs::submit::body::SubmissionBody;
use crate::native::jobs::submit::submission;
use crate::native::json::Time;
use crate::problem::Problem;
use crate::request::json_body::{self, Member};
use crate::request::strict_json::{self, Text, malformed};
use crate::shared::Shared;

/// A schedule to be.
#[derive(Deserialize, ToSchema)]
#[schema(as = NewSchedule)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewScheduleBody<'a> {
    /// For people; 1 to 128 bytes.
    #[serde(borrow)]
    #[schema(value_type = String, example = "nightly")]
    name: Member<'a, String>,
    /// For people, at most 4,096 bytes.
    #[schema(value_type = Option<String>)]
    description: Option<Member<'a, String>>,
    /// Your own data.
    #[schema(value_type = Option<serde_json::Value>)]
    custom_data: Option<Member<'a>>,
    /// By which rule it fires.
    #[schema(value_type = WhenBody)]
    when: Member<'a>,
    /// A rule that is kept with it and by which it does not fire.
    #[schema(value_type = Option<WhenBody>)]
    set_aside: Option<Member<'a>>,
    /// It does not fire before; an interval is counted from then.
    #[schema(value_type = Option<String>, format = DateTime)]
    start_at: Option<Member<'a, Time>>,
    /// It does not fire then or later.
    #[schema(value_type = Option<String>, format = DateTime)]
    stop_at: Option<Member<'a, Time>>,
    /// Whether it fires by itself; usually `true`.
    #[schema(value_type = Option<bool>)]
    active: Option<Member<'a, bool>>,
    /// What is done where the job of an earlier firing has not ended: `skip` (usually), `queue` or `cancel-previous`.
    #[schema(value_type = Option<String>, example = "skip")]
    overlap: Option<Member<'a, OverlapWord>>,
    /// What is made up for of what was missed while the server was down: `none` (usually), `one` (the last), or `all` of
    /// the time that `catch_up_window_ms` says.
    #[schema(value_type = Option<String>, example = "none")]
    catch_up: Option<Member<'a, CatchUpWord>>,
    /// For `all`: how far back, in milliseconds.
    #[schema(value_type = Option<u64>)]
    catch_up_window_ms: Option<Member<'a, u64>>,
    /// What it submits each time; as for `POST /v1/jobs`, without `run_at`. Where a schedule is replaced it may be left out:
    /// then it stays as it is.
    #[schema(value_type = Option<SubmissionBody>)]
    template: Option<Member<'a>>,
}

/// A word for what is done at an overlap.
#[derive(Deserialize)]
#[serde(try_from = "String")]
struct OverlapWord(Overlap);

impl TryFrom<String> for OverlapWord {
    type Error = &'static str;
    fn try_from(word: String) -> Result<Self, Self::Error> {
        Overlap::parse(&word).map(Self).ok_or("must be `skip`, `queue` or `cancel-previous`")
    }
}

/// A word for what is made up for.
#[derive(Deserialize, Clone, Copy, PartialEq, Eq)]
#[serde(try_from = "String")]
enum CatchUpWord {
    None,
    One,
    All,
}

impl TryFrom<String> for CatchUpWord {
    type Error = &'static str;
    fn try_from(word: String) -> Result<Self, Self::Error> {
        match word.as_str() {
            "none" => Ok(Self::None),
            "one" => Ok(Self::One),
            "all" => Ok(Self::All),
            _ => Err("must be `none`, `one` or `all`"),
        }
    }
}

/// Reads a schedule, its template like a submission. One without a template is taken where `replaces`.
pub(super) async fn read(
    shared: &Shared,
    caller: &Caller,
    body: &Bytes,
    replaces: bool,
) -> Result<ScheduleAsked, Problem> {
    let (mut asked, template) = members(body, &shared.limits)?;
    match template {
        Some(text) => {
            let template = submission::read(shared, caller, &text, None).await;
            asked.template = Some(template.map_err(|problem| problem.within("/template"))?);
        }
        None if replaces => {}
        None => return Err(malformed("/template".to_owned(), "is missing")),
    }
    asked.created_by = Some(caller.principal().label.to_string());
    Ok(asked)
}

/// All members but the template, which stays text.
fn members(body: &Bytes, limits: &Limits) -> Result<(ScheduleAsked, Option<Bytes>), Problem> {
    let NewScheduleBody {
        name,
        description,
        custom_data,
        when,
        set_aside,
        start_at,
        stop_at,
        active,
        overlap,
        catch_up,
        catch_up_window_ms,
        template,
    } = json_body::read(body)?;
    let time = |member: Option<Member<'_, Time>>, pointer: &str| {
        member.map(|member| member.value(pointer)).transpose().map(|read| read.map(|Time(at)| at))
    };
    let catch_up = catch_up.map_or(Ok(CatchUpWord::None), |member| member.value("/catch_up"))?;
    let window = catch_up_window_ms.map(|member| member.value("/catch_up_window_ms")).transpose()?;
    let catch_up = match (catch_up, window) {
        (CatchUpWord::None, None) => CatchUp::None,
        (CatchUpWord::One, None) => CatchUp::One,
        (CatchUpWord::All, Some(window_ms)) => CatchUp::All { window_ms },
        (CatchUpWord::All, None) => {
            return Err(malformed("/catch_up_window_ms".to_owned(), "is missing; `all` needs it"));
        }
        (CatchUpWord::None | CatchUpWord::One, Some(_)) => {
            return Err(malformed("/catch_up_window_ms".to_owned(), "is only for the `catch_up` `all`"));
        }
    };
    let asked = ScheduleAsked {
        name: name.value("/name")?,
        description: description.map(|member| description_of(&member, limits)).transpose()?,
        custom_data: custom_data.map(|member| custom_data_of(&member, limits)).transpose()?,
        when: when::read(&when, "/when", limits)?,
        set_aside: set_aside.map(|member| when::read(&member, "/set_aside", limits)).transpose()?,
        anew: false,
        start_at: time(start_at, "/start_at")?,
        stop_at: time(stop_at, "/stop_at")?,
        active: active.map_or(Ok(true), |member| member.value("/active"))?,
        overlap: overlap.map_or(Ok(Overlap::Skip), |member| member.value("/overlap").map(|OverlapWord(word)| word))?,
        catch_up,
        template: None,
        created_by: None,
    };
    Ok((asked, template.map(|member| body.slice_ref(member.text().as_bytes()))))
}

fn description_of(member: &Member<'_, String>, limits: &Limits) -> Result<String, Problem> {
    const AT: &str = "/description";
    // Each byte of the text may be escaped.
    let most = limits.schedule_description_bytes.saturating_mul(6).saturating_add(2);
    let text = member.within(AT, "schedule_description_bytes", most)?;
    let read = serde_json::from_str::<Text<'_>>(text.get());
    read.map(|Text(text)| text.into_owned()).map_err(|_| malformed(AT.to_owned(), "must be a text"))
}

fn custom_data_of(member: &Member<'_>, limits: &Limits) -> Result<Document, Problem> {
    const AT: &str = "/custom_data";
    let text = member.within(AT, "custom_data_bytes", limits.custom_data_bytes)?;
    strict_json::check_depth(text, AT, limits.json_depth)?;
    Ok(Document::from(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_found_with_their_place() {
        let refused = |body: &str| {
            members(&Bytes::copy_from_slice(body.as_bytes()), &Limits::default())
                .err()
                .map(|problem| problem.detail().to_owned())
                .unwrap_or_default()
        };
        let with = |members: &str| format!(r#"{{"name":"n","when":{{"every_ms":1}},{members}}}"#);
        assert_eq!(refused(r#"{"name":"n"}"#), "`/when` is missing");
        assert_eq!(
            refused(r#"{"name":"n","when":{}}"#),
            "`/when` must have exactly one of `cron`, `every_ms`, `parts`, `once`, `continuous_ms`, `by_hand`"
        );
        let both = r#"{"name":"n","when":{"cron":"* * * * *","every_ms":1}}"#;
        assert_eq!(
            refused(both),
            "`/when` must have exactly one of `cron`, `every_ms`, `parts`, `once`, `continuous_ms`, `by_hand`"
        );
        assert_eq!(
            refused(r#"{"name":"n","when":{"every_ms":1,"time_zone":"UTC"}}"#),
            "`/when/time_zone` is only for `cron` and `parts`: other rules know no wall clock"
        );
        assert_eq!(refused(&with(r#""overlap":"wait""#)), "`/overlap`: must be `skip`, `queue` or `cancel-previous`");
        assert_eq!(refused(&with(r#""catch_up":"some""#)), "`/catch_up`: must be `none`, `one` or `all`");
        assert_eq!(refused(&with(r#""catch_up":"all""#)), "`/catch_up_window_ms` is missing; `all` needs it");
        assert_eq!(
            refused(&with(r#""catch_up_window_ms":5"#)),
            "`/catch_up_window_ms` is only for the `catch_up` `all`"
        );
        assert!(
            refused(&with(r#""cron":"* * * * *""#)).starts_with("`/cron` is not known here; expected one of `name`")
        );
        assert_eq!(refused(&with(r#""active":true"#)), "");
    }
}
