//! A token as clients see it: all but its secret, which nobody sees again.

use analyte_core::names::Organisation;
use analyte_jobs::{Right, TokenRecord};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use crate::native::json::Time;
use crate::request::strict_json::Text;

/// What a caller may do, and until when.
#[derive(Serialize, ToSchema)]
#[schema(as = Token)]
pub(crate) struct TokenBody<'a> {
    /// For revocation; not secret.
    id: &'a str,
    /// What it is for; the user's name with HTTP Basic on the ThingWorx surface.
    #[schema(example = "nightly reports")]
    label: &'a str,
    /// Whose.
    #[schema(value_type = String, example = "default")]
    organisation: &'a Organisation,
    /// What it allows: `admin`, `jobs:read`, `jobs:write`, `providers:write`.
    #[schema(example = json!(["jobs:read", "jobs:write"]))]
    rights: Vec<&'static str>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    created_at: Time,
    /// From when on it is refused; `null`: it does not expire.
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Time>,
    /// Its last call, to within a minute or so; `null`: none so far.
    #[schema(value_type = Option<String>, format = DateTime)]
    last_used_at: Option<Time>,
    /// When it was revoked; it is refused since then. `null`: it is not revoked.
    #[schema(value_type = Option<String>, format = DateTime)]
    revoked_at: Option<Time>,
    /// Most calls a second; `null`: as the server is configured.
    requests_per_second: Option<u32>,
}

/// Several tokens.
#[derive(Default, Serialize, ToSchema)]
#[schema(as = Tokens)]
pub(crate) struct TokensBody<'a> {
    /// Oldest first; those that are over among them.
    tokens: Vec<TokenBody<'a>>,
}

/// A token to be made.
#[derive(Deserialize, ToSchema)]
#[schema(as = NewToken)]
#[serde(deny_unknown_fields)]
pub(super) struct NewTokenBody {
    /// What it is for: 1 to 256 bytes without `:` and control characters.
    #[schema(example = "nightly reports")]
    pub(super) label: String,
    /// What it shall allow, at least one: `admin`, `jobs:read`, `jobs:write`, `providers:write`.
    #[schema(value_type = Vec<String>, example = json!(["jobs:read", "jobs:write"]))]
    pub(super) rights: Vec<RightWord>,
    /// Whose it shall be; usually the caller's own organisation.
    #[schema(value_type = Option<String>)]
    pub(super) organisation: Option<Organisation>,
    /// From when on it is refused. Not together with `expires_in_s`; with neither it does not expire.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(super) expires_at: Option<Time>,
    /// The same, in seconds from now.
    #[schema(example = 2_592_000)]
    pub(super) expires_in_s: Option<u64>,
    /// Most calls a second; usually as the server is configured (`requests_per_second`).
    pub(super) requests_per_second: Option<u32>,
}

/// A right, as the word that clients write.
pub(super) struct RightWord(pub(super) Right);

impl<'de> Deserialize<'de> for RightWord {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Text(word) = Text::deserialize(deserializer)?;
        Right::parse(&word).map(Self).ok_or_else(|| {
            let known = Right::ALL.map(|right| format!("`{}`", right.as_str())).join(", ");
            D::Error::custom(format_args!("is no right; these are: {known}"))
        })
    }
}

/// A token that was made just now.
#[derive(Serialize, ToSchema)]
#[schema(as = NewTokenAnswer)]
pub(crate) struct MadeBody<'a> {
    /// What is known of it from now on.
    pub(crate) token: TokenBody<'a>,
    /// For `Authorization: Bearer …`. Only this answer has it.
    #[schema(example = "analyte_…")]
    pub(crate) secret: &'a str,
}

impl<'a> TokenBody<'a> {
    pub(crate) fn of(record: &'a TokenRecord) -> Self {
        Self {
            id: &record.id,
            label: &record.label,
            organisation: &record.organisation,
            rights: record.rights.iter().map(|right| right.as_str()).collect(),
            created_at: Time(record.created_at),
            expires_at: record.expires_at.map(Time),
            last_used_at: record.last_used_at.map(Time),
            revoked_at: record.revoked_at.map(Time),
            requests_per_second: record.requests_per_second,
        }
    }
}
