//! Whether a model is switched on.

use serde_json::Value;

/// `on`: it takes jobs; else `off`.
pub(super) fn state(model: &Value) -> String {
    let off = model.get("enabled") == Some(&Value::Bool(false));
    if off { "off" } else { "on" }.to_owned()
}
