//! Tokens in words for people.

use serde_json::Value;

use crate::output::list::{facts, items, text};

/// What it allows.
pub(super) fn rights(token: &Value) -> String {
    items(token, "/rights").filter_map(Value::as_str).collect::<Vec<_>>().join(" ")
}

/// Until when it is good.
pub(super) fn state(token: &Value) -> String {
    match (text(token, "/revoked_at"), text(token, "/expires_at")) {
        (revoked, _) if !revoked.is_empty() => "revoked".to_owned(),
        (_, expires) if !expires.is_empty() => format!("until {expires}"),
        _ => "valid".to_owned(),
    }
}

/// All that the server says of it.
pub(super) fn in_words(token: &Value) -> String {
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
