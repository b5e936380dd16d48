//! `analyte token create`

use analyte_core::names::Organisation;
use analyte_core::timestamp::Timestamp;
use analyte_jobs::Right;
use anyhow::Result;
use clap::builder::PossibleValue;
use clap::{Args, ValueEnum};
use serde_json::{Value, json};
use ureq::SendBody;

use super::in_words::in_words;
use crate::arguments::duration::Lasting;
use crate::client::{Client, Connection, Method, json};
use crate::output::list::{ThingFormat, text};
use crate::output::{report, stdout};

/// Makes a token, and prints its secret as the only line on stdout.
///
/// The secret is shown this once; the server keeps only its hash. What the server remembers of it goes to stderr.
#[derive(Debug, Args)]
pub(crate) struct Create {
    /// What it is for; with HTTP Basic on the ThingWorx surface it is the user's name.
    label: String,
    /// What it allows; may be given several times.
    #[arg(long = "right", short, required = true, value_name = "RIGHT")]
    rights: Vec<GivenRight>,
    /// Whose it shall be; else that of the token that makes it.
    #[arg(long, value_name = "NAME")]
    organisation: Option<Organisation>,
    /// How long it is valid, for instance 12h or 90d; else it does not expire.
    #[arg(long, value_name = "TIME", conflicts_with = "expires_at")]
    expires_in: Option<Lasting>,
    /// Until when it is valid, for instance 2027-01-31T08:00:00Z.
    #[arg(long, value_name = "TIME")]
    expires_at: Option<Timestamp>,
    /// Most calls a second; else as the server is configured.
    #[arg(long, value_name = "N")]
    requests_per_second: Option<u32>,
    /// Prints the server's whole answer, secret included, as JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    connection: Connection,
}

/// A right on the command line.
#[derive(Debug, Clone, Copy)]
pub(crate) struct GivenRight(Right);

impl ValueEnum for GivenRight {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self(Right::JobsRead), Self(Right::JobsWrite), Self(Right::ProvidersWrite), Self(Right::Admin)]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let help = match self.0 {
            Right::JobsRead => "Reads jobs, their results, providers and models of its organisation",
            Right::JobsWrite => "Submits, executes, cancels, retries and purges jobs",
            Right::ProvidersWrite => "Installs and removes providers and models of its organisation",
            Right::Admin => "Everything, tokens and organisations included",
        };
        Some(PossibleValue::new(self.0.as_str()).help(help))
    }
}

impl Create {
    pub(crate) fn run(self) -> Result<()> {
        let made = self.ask(&self.connection.client()?)?;
        if self.json {
            return ThingFormat::show(Some(ThingFormat::Json), &made, String::new);
        }
        let token = made.get("token").cloned().unwrap_or_default();
        for line in in_words(&token).lines() {
            report::line(line);
        }
        stdout::text(&text(&made, "/secret"))
    }

    fn ask(&self, client: &Client) -> Result<Value> {
        let body = json!({
            "label": self.label,
            "rights": self.rights.iter().map(|right| right.0.as_str()).collect::<Vec<_>>(),
            "organisation": self.organisation.as_ref().map(ToString::to_string),
            "expires_at": self.expires_at.map(|at| at.to_string()),
            "expires_in_s": self.expires_in.map(|lasting| lasting.seconds),
            "requests_per_second": self.requests_per_second,
        });
        let body = SendBody::from_owned_reader(std::io::Cursor::new(body.to_string()));
        json(client.call(Method::Post("application/json", body), "/v1/tokens", &[], &[])?)
    }
}
