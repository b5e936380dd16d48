//! `GetFileListing` and `GetFileListingWithLinks`: the files right in a folder, by name. A folder in which there is
//! nothing has no files, whether or not anybody made it.

use analyte_core::base_type::BaseType;
use analyte_core::query::Pattern;
use analyte_core::shape::Field;
use analyte_core::table::Table;
use analyte_core::table::infotable::{Cell, Rows};
use analyte_jobs::{FileRecord, Right};

use crate::thingworx::call::Call;
use crate::thingworx::call::parameter::Parameter;
use crate::thingworx::call::table::{field, of_rows};
use crate::thingworx::error::ServiceError;
use crate::thingworx::files::location::{FileLocation, MODELS, trim_slashes};
use crate::thingworx::service::{Answer, ResultType, Service};

/// Rows of GetFileListing.
const SHAPE: &str = "FileSystemFile";
/// Rows of GetFileListingWithLinks.
const SHAPE_WITH_LINKS: &str = "FileSystemFileWithLinks";

const PARAMETERS: [Parameter; 2] = [
    Parameter::new("path", "STRING", "The folder.").with_default("/"),
    Parameter::new("nameMask", "STRING", "What names have to be like: * stands for any run of characters, ? for one."),
];

/// The service.
pub(crate) static LISTING: Service = Service {
    name: "GetFileListing",
    description: "The files in one folder.",
    right: Right::JobsRead,
    parameters: &PARAMETERS,
    result: ResultType::Table(Some(SHAPE)),
    extension: true,
    handler: |call| Box::pin(answer(call, false)),
};

/// The service.
pub(crate) static LISTING_WITH_LINKS: Service = Service {
    name: "GetFileListingWithLinks",
    description: "The files in one folder, each with its address.",
    right: Right::JobsRead,
    parameters: &PARAMETERS,
    result: ResultType::Table(Some(SHAPE_WITH_LINKS)),
    extension: true,
    handler: |call| Box::pin(answer(call, true)),
};

async fn answer(call: &Call, links: bool) -> Result<Answer, ServiceError> {
    let folder = call.text("path")?.unwrap_or_default();
    let prefix = match trim_slashes(&folder) {
        "" => String::new(),
        folder => format!("{folder}/"),
    };
    let mask = call.text("nameMask")?.filter(|mask| !mask.is_empty());
    let limits = &call.shared.limits;
    if mask.as_ref().is_some_and(|mask| mask.len() as u64 > limits.query_pattern_bytes) {
        let message = format!(
            "the parameter nameMask is longer than {} bytes (limit query_pattern_bytes)",
            limits.query_pattern_bytes
        );
        return Err(ServiceError::Failed(message));
    }
    let most = usize::try_from(limits.repository_files).unwrap_or(usize::MAX);
    let files = call.manager().repository_files(call.organisation(), MODELS, &prefix, None, most).await?;
    call.compute(move || {
        let mask = mask.map(|mask| Pattern::new(&mask, false));
        let here = files.iter().filter_map(|file| {
            let name = file.path.strip_prefix(&prefix).filter(|name| !name.contains('/'))?;
            mask.as_ref().is_none_or(|mask| mask.fits(name)).then_some((name, &**file))
        });
        table(here, links).map(Answer::Table)
    })
    .await?
}

fn table<'a>(files: impl Iterator<Item = (&'a str, &'a FileRecord)>, links: bool) -> Result<Table, ServiceError> {
    let mut fields = vec![
        field("name", BaseType::String, ""),
        field("path", BaseType::String, ""),
        field("fileType", BaseType::String, "Always F, a file."),
        field("size", BaseType::Number, "Bytes."),
        field("lastModifiedDate", BaseType::Datetime, ""),
    ];
    if links {
        fields.push(Field::new("downloadLink", BaseType::Hyperlink));
    }
    let mut rows = Rows::new(fields);
    for (name, file) in files {
        #[expect(clippy::cast_precision_loss, reason = "NUMBER, as there; a file is far smaller than 2⁵³ bytes")]
        let size = file.content.bytes as f64;
        let mut row = vec![
            Cell::Text(name.to_owned()),
            Cell::Text(format!("/{}", file.path)),
            Cell::Text("F".to_owned()),
            Cell::Number(size),
            Cell::Int(file.updated_at.0),
        ];
        if links {
            row.push(Cell::Text(FileLocation::of_parts(MODELS, &file.path).address()));
        }
        rows.push(row);
    }
    of_rows(rows)
}
