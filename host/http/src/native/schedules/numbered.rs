//! Where a list goes on that is in the order of a schedule's history, as a word that clients hand back.

use analyte_core::codes::Code;
use http::Uri;

use crate::native::jobs::read::list::page_length;
use crate::native::path_and_query::known_pairs;
use crate::problem::Problem;
use crate::shared::Shared;

/// The page that is asked for: below which number, and of which length.
pub(super) fn page(uri: &Uri, shared: &Shared) -> Result<(Option<u64>, usize), Problem> {
    let [limit, cursor] = known_pairs(uri, ["limit", "cursor"])?;
    let unknown = |_| Problem::new(Code::Malformed, "`cursor` is not one that a list has answered");
    let before = cursor.as_deref().map(str::parse).transpose().map_err(unknown)?;
    Ok((before, page_length(limit.as_deref(), &shared.limits)?))
}
