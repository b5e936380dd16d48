//! `analyte job webhooks`

use analyte_core::names::JobId;
use anyhow::Result;
use clap::Args;
use serde_json::Value;

use crate::client::Connection;
use crate::client::address;
use crate::output::grid::{Column, lay_out};
use crate::output::list::{ThingFormat, items, text};

/// Shows whom a job notifies of what becomes of it, and what became of each notification.
#[derive(Debug, Args)]
pub(crate) struct Webhooks {
    /// The job.
    id: JobId,
    #[arg(long, short, value_name = "FORMAT")]
    format: Option<ThingFormat>,
    #[command(flatten)]
    connection: Connection,
}

impl Webhooks {
    pub(crate) fn run(self) -> Result<()> {
        let answer = self.connection.client()?.get(&format!("{}/webhooks", address::job(self.id)), &[])?;
        ThingFormat::show(self.format, &answer, || in_words(&answer))
    }
}

fn in_words(answer: &Value) -> String {
    let events = |webhook: &Value| items(webhook, "/events").filter_map(Value::as_str).collect::<Vec<_>>().join(", ");
    let webhooks: Vec<String> = items(answer, "/webhooks")
        .enumerate()
        .map(|(place, webhook)| {
            let disabled = match text(webhook, "/disabled_at") {
                at if at.is_empty() => String::new(),
                at => format!("; not notified any more since {at}, when it answered 410"),
            };
            format!("webhook {place}: {} ({}){disabled}\n", text(webhook, "/url"), events(webhook))
        })
        .collect();
    if webhooks.is_empty() {
        return "(the job notifies no receiver)\n".to_owned();
    }
    let columns = [
        Column::words("id"),
        Column::numbers("webhook"),
        Column::words("event"),
        Column::words("state"),
        Column::numbers("tries"),
        Column::words("next or end"),
        Column::words("last problem"),
    ];
    let rows = items(answer, "/deliveries").map(|delivery| {
        let at = match text(delivery, "/next_try_at") {
            at if at.is_empty() => text(delivery, "/ended_at"),
            at => at,
        };
        let of = |member| text(delivery, member);
        vec![of("/id"), of("/webhook"), of("/event"), of("/state"), of("/tries"), at, of("/last_try/problem")]
    });
    format!("{}{}", webhooks.concat(), lay_out(&columns, rows))
}
