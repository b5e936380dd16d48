//! `analyte token`: create, list, show, revoke.

use analyte_core::names::Organisation;
use analyte_core::timestamp::Timestamp;
use analyte_jobs::Right;
use anyhow::Result;
use clap::builder::PossibleValue;
use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Value, json};
use ureq::SendBody;

use crate::client::{Client, Connection, Method, json};
use crate::duration::Lasting;
use crate::report;
use crate::show;
use crate::show::grid::Column;
use crate::show::list::{ListFormat, ThingFormat, facts, items, text};

/// Makes, lists, shows and revokes the tokens of a server.
#[derive(Debug, Subcommand)]
pub(crate) enum Token {
    Create(Create),
    /// Lists the tokens of all organisations, or of one. Those that are over stay in the list.
    List {
        /// Only those of this organisation.
        #[arg(long, value_name = "NAME")]
        organisation: Option<Organisation>,
        #[arg(long, short, value_name = "FORMAT")]
        format: Option<ListFormat>,
        #[command(flatten)]
        connection: Connection,
    },
    /// Shows one token; without ID the one that this command itself calls with, whatever that allows.
    Show {
        id: Option<String>,
        #[arg(long, short, value_name = "FORMAT")]
        format: Option<ThingFormat>,
        #[command(flatten)]
        connection: Connection,
    },
    /// Revokes a token: from this moment on it is refused, and the sessions opened with it end.
    Revoke {
        /// Its id, as `list` shows it.
        id: String,
        #[command(flatten)]
        connection: Connection,
    },
}

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

impl Token {
    pub(crate) fn run(self) -> Result<()> {
        match self {
            Self::Create(command) => command.run(),
            Self::List { organisation, format, connection } => {
                let query: Vec<_> =
                    organisation.iter().map(|name| ("organisation".to_owned(), name.to_string())).collect();
                let list = connection.client()?.get("/v1/tokens", &query)?;
                let columns = ["id", "label", "organisation", "rights", "state", "last used"].map(Column::words);
                ListFormat::show(format, &list, &columns, items(&list, "/tokens").map(row).collect())
            }
            Self::Show { id, format, connection } => {
                let path = id.map_or_else(|| "/v1/token".to_owned(), |id| address(&id));
                let token = connection.client()?.get(&path, &[])?;
                ThingFormat::show(format, &token, || in_words(&token))
            }
            Self::Revoke { id, connection } => {
                let token = json(connection.client()?.call(Method::Delete, &address(&id), &[], &[])?)?;
                show::text(&format!("revoked {id}: {}", text(&token, "/label")))
            }
        }
    }
}

impl Create {
    fn run(self) -> Result<()> {
        let made = self.ask(&self.connection.client()?)?;
        if self.json {
            return ThingFormat::show(Some(ThingFormat::Json), &made, String::new);
        }
        let token = made.get("token").cloned().unwrap_or_default();
        for line in in_words(&token).lines() {
            report::line(line);
        }
        show::text(&text(&made, "/secret"))
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

/// An id that holds other characters than ids do must not lead anywhere else.
fn address(id: &str) -> String {
    let plain: String = id.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' }).collect();
    format!("/v1/tokens/{plain}")
}

fn rights(token: &Value) -> String {
    items(token, "/rights").filter_map(Value::as_str).collect::<Vec<_>>().join(" ")
}

/// Until when it is good.
fn state(token: &Value) -> String {
    match (text(token, "/revoked_at"), text(token, "/expires_at")) {
        (revoked, _) if !revoked.is_empty() => "revoked".to_owned(),
        (_, expires) if !expires.is_empty() => format!("until {expires}"),
        _ => "valid".to_owned(),
    }
}

fn row(token: &Value) -> Vec<String> {
    vec![
        text(token, "/id"),
        text(token, "/label"),
        text(token, "/organisation"),
        rights(token),
        state(token),
        text(token, "/last_used_at"),
    ]
}

fn in_words(token: &Value) -> String {
    facts(&[
        ("token", text(token, "/id")),
        ("label", text(token, "/label")),
        ("organisation", text(token, "/organisation")),
        ("rights", rights(token)),
        ("calls a second", text(token, "/requests_per_second")),
        ("created", text(token, "/created_at")),
        ("expires", text(token, "/expires_at")),
        ("last used", text(token, "/last_used_at")),
        ("revoked", text(token, "/revoked_at")),
    ])
}
