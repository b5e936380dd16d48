//! `analyte schedule show`

use analyte_core::names::ScheduleId;
use anyhow::Result;
use clap::Args;
use serde_json::{Value, json};

use crate::client::{Connection, address};
use crate::output::list::{ThingFormat, facts, items, text};

/// Entries of the history that are shown.
const ENTRIES: &str = "10";

/// Shows one schedule, when it fires next, and what became of its last firings.
#[derive(Debug, Args)]
pub(crate) struct Show {
    /// The schedule.
    id: ScheduleId,
    /// How many of the next firings to show.
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u64).range(..=100))]
    next: u64,
    #[arg(long, short, value_name = "FORMAT")]
    format: Option<ThingFormat>,
    #[command(flatten)]
    connection: Connection,
}

impl Show {
    pub(crate) fn run(self) -> Result<()> {
        let (client, address) = (self.connection.client()?, address::schedule(self.id));
        let schedule = client.get(&address, &[])?;
        let next = client.get(&format!("{address}/next"), &[("count".to_owned(), self.next.to_string())])?;
        let limit = [("limit".to_owned(), ENTRIES.to_owned())];
        let history = client.get(&format!("{address}/history"), &limit)?;
        let whole = json!({
            "schedule": schedule,
            "next": next.get("fire_times"),
            "history": history.get("firings"),
        });
        ThingFormat::show(self.format, &whole, || in_words(&whole))
    }
}

/// By which rule it fires, for people.
pub(super) fn when(schedule: &Value) -> String {
    let said = |name: &str| Some(text(schedule, &format!("/when/{name}"))).filter(|text| !text.is_empty());
    let zone = || text(schedule, "/when/time_zone");
    if let Some(cron) = said("cron") {
        return format!("{cron} ({})", zone());
    }
    if let Some(every) = said("every_ms") {
        return format!("every {every} ms");
    }
    if let Some(every) = said("continuous_ms") {
        return format!("one job after the other, {every} ms apart or more");
    }
    let parts: Vec<String> = items(schedule, "/when/parts").map(part).collect();
    if !parts.is_empty() {
        return format!("{} ({})", parts.join("; "), zone());
    }
    if said("once").is_some() { "once".to_owned() } else { "by hand".to_owned() }
}

/// A part of a timetable, for people.
fn part(part: &Value) -> String {
    let said = |name: &str| Some(text(part, &format!("/{name}"))).filter(|text| !text.is_empty());
    let after = |word: &str, name: &str| said(name).map_or_else(String::new, |text| format!(" {word} {text}"));
    if let Some(day) = said("day") {
        return format!("{day}{}{}", after("at", "at"), after("until", "until"));
    }
    let lasting = said("for_seconds").map_or_else(String::new, |seconds| format!(" for {seconds} s"));
    let every = format!("every {} {}", text(part, "/every"), text(part, "/unit"));
    format!("{every}{}{lasting}", after("from", "at"))
}

fn in_words(whole: &Value) -> String {
    let schedule = whole.get("schedule").unwrap_or(&Value::Null);
    let catch_up = match (text(schedule, "/catch_up"), text(schedule, "/catch_up_window_ms")) {
        (word, window) if window.is_empty() => word,
        (word, window) => format!("{word} of the last {window} ms"),
    };
    let firing = |firing: &Value| {
        let what = match text(firing, "/outcome") {
            failed if failed == "failed" => {
                format!("failed, {}: {}", text(firing, "/error/code"), text(firing, "/error/message"))
            }
            missed if missed == "missed" => format!("missed, up to {}", text(firing, "/last")),
            word => format!("{word} {}", text(firing, "/job")),
        };
        format!("{}  {}", text(firing, "/fire_time"), what.trim_end())
    };
    facts(&[
        ("schedule", text(schedule, "/id")),
        ("number", text(schedule, "/number")),
        ("name", text(schedule, "/name")),
        ("description", text(schedule, "/description")),
        ("when", when(schedule)),
        ("not before", text(schedule, "/start_at")),
        ("stops", text(schedule, "/stop_at")),
        ("active", text(schedule, "/active")),
        ("overlap", text(schedule, "/overlap")),
        ("catch up", catch_up),
        ("model", format!("{} of {}", text(schedule, "/template/model"), text(schedule, "/template/provider"))),
        ("jobs", text(schedule, "/jobs")),
        ("waiting", items(schedule, "/waiting").filter_map(Value::as_str).collect::<Vec<_>>().join("\n")),
        ("created", text(schedule, "/created_at")),
        ("created by", text(schedule, "/created_by")),
        ("changed", text(schedule, "/changed_at")),
        ("next", items(whole, "/next").filter_map(Value::as_str).collect::<Vec<_>>().join("\n")),
        ("history", items(whole, "/history").map(firing).collect::<Vec<_>>().join("\n")),
    ])
}
