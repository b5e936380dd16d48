//! A provider that keeps no rule: for each of the host's defences there is a model that calls on it.
//!
//! `noop`, `echo`, `whoami`, `slow`, `error` and `read-settings` behave; the others are named for what they do wrong in
//! `run`. What `describe` and `models` say wrongly is chosen by patching the component, see `mode`.

mod costly;
mod described;
mod flood;
mod mode;
mod outside;
mod resources;
mod tables;

use analyte_sdk::raw::analysis::{AnalysisError, ModelInfo, Outcome, ProviderInfo, Request};
use analyte_sdk::raw::provider::Guest;
use analyte_sdk::{Error, ModelInfo as Info, Result};

/// The provider.
#[derive(Debug)]
pub struct Hostile;

impl Guest for Hostile {
    fn describe() -> ProviderInfo {
        described::provider(mode::mode())
    }
    fn models() -> Vec<ModelInfo> {
        described::models(mode::mode())
    }
    fn inspect_model(model: String, media_type: String) -> Result<ModelInfo, AnalysisError> {
        Ok(Info::new(model).describe(media_type))
    }
    fn run(request: Request) -> Result<Outcome, AnalysisError> {
        Ok(run(request)?)
    }
}

fn run(request: Request) -> Result<Outcome> {
    match request.model.as_str() {
        "noop" => tables::noop(request),
        "echo" => Ok(tables::echo(request)),
        "bad-length" => Ok(tables::bad_length(&request)),
        "bad-offsets" => Ok(tables::bad_offsets(&request)),
        "bad-utf8" => Ok(tables::bad_utf8(&request)),
        "bad-bitmap" => Ok(tables::bad_bitmap(&request)),
        "wrong-kind" => Ok(tables::wrong_kind(&request)),
        "missing-field" => Ok(tables::missing_field(&request)),
        "extra-field" => Ok(tables::extra_field(&request)),
        "duplicate-field" => Ok(tables::duplicate_field(&request)),
        "null-in-required" => Ok(tables::null_in_required(&request)),
        "wrong-rows" => Ok(tables::wrong_rows(&request)),
        "huge-output" => Ok(tables::huge_output()),
        "huge-claim" => Ok(tables::huge_claim(&request)),
        "spin" => resources::spin(),
        "chatter" => resources::chatter(),
        "grow" => resources::grow(),
        "recurse" => resources::recurse(&request),
        "panic" => resources::panic(),
        "unreachable" => resources::unreachable(),
        "sleep" => resources::sleep(),
        "slow" => resources::slow(&request),
        "log-flood" => flood::log(),
        "stderr-flood" => flood::stderr(),
        "progress-flood" => flood::progress(),
        "many-files" => flood::many_files(),
        "big-file" => flood::big_file(),
        "bad-file-name" => flood::bad_file_name(),
        "error" => Err(outside::error()),
        "use-setting" => outside::use_setting(),
        "read-settings" => outside::read_settings(),
        "read-env" => outside::read_env(),
        "read-dir" => outside::read_dir(),
        "connect" => outside::connect(),
        "lookup" => outside::lookup(),
        "whoami" => outside::whoami(),
        other => Err(Error::new("unknown-model", format!("there is no model `{other}`"))),
    }
}

#[cfg(target_family = "wasm")]
analyte_sdk::raw::provider_plugin::export!(Hostile with_types_in analyte_sdk::raw::provider_plugin);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_described_model_is_known_to_run() {
        for info in Hostile::models() {
            // These end the process, or do not end, natively as in a component.
            if ["spin", "chatter", "grow", "recurse", "panic", "unreachable", "sleep", "huge-output", "stderr-flood"]
                .contains(&info.name.as_str())
            {
                continue;
            }
            let input = analyte_sdk::raw::tables::Table { row_count: 0, columns: Vec::new() };
            let parameters = r#"{"milliseconds":0}"#.to_owned();
            // The host's functions are there only in a component.
            let calls_host = ["slow", "log-flood", "progress-flood", "many-files", "big-file", "bad-file-name"];
            let asks_host = ["use-setting", "read-settings", "whoami", "connect", "lookup", "read-dir", "read-env"];
            if calls_host.contains(&info.name.as_str()) || asks_host.contains(&info.name.as_str()) {
                continue;
            }
            let request = Request { model: info.name.clone(), input, parameters, extra: Vec::new() };
            let unknown = run(request).is_err_and(|error| error.code() == "unknown-model");
            assert!(!unknown, "{}", info.name);
        }
    }
}
