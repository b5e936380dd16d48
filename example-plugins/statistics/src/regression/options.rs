//! What to regress on what.

use analyte_sdk::prelude::*;

use super::fit::{Fit, fit};
use crate::numbers::complete;

/// Which columns, and whether with an intercept.
#[parameters]
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// The column to explain.
    #[parameter(column)]
    pub response: String,
    /// The columns that explain it, in this order; all other numeric columns where none are named.
    #[parameter(column)]
    pub predictors: Option<Vec<String>>,
    /// Whether the model has a constant term.
    #[parameter(default = true)]
    pub intercept: bool,
}

/// A fit, and what the client should know beside it.
#[derive(Debug)]
pub(crate) struct Fitted {
    pub(crate) fit: Fit,
    pub(crate) warnings: Vec<String>,
}

/// Takes the columns from the table and fits.
pub(crate) fn regress(table: &Table, options: &Options) -> Result<Fitted> {
    let response = options.response.as_str();
    let predictors: Vec<&str> = if let Some(named) = &options.predictors {
        named.iter().map(String::as_str).collect()
    } else {
        let others = table.column_types().filter(|column| column.is_numeric() && column.name != response);
        others.map(|column| column.name).collect()
    };
    if predictors.is_empty() {
        return Err(Error::new("no-predictors", "There is no predictor: no column is named, and no other is numeric."));
    }
    for (index, name) in predictors.iter().enumerate() {
        let problem = if *name == response {
            "is the response"
        } else if predictors.iter().take(index).any(|earlier| earlier == name) {
            "is named twice"
        } else {
            continue;
        };
        let message = format!("Predictor `{name}` {problem}.");
        return Err(Error::new("wrong-predictors", message).detail("column", name));
    }

    let columns =
        std::iter::once(&response).chain(&predictors).map(|name| table.numeric(name)).collect::<Result<Vec<_>>>()?;
    let complete = complete(&columns)?;
    let (terms, rows) = (predictors.len() + usize::from(options.intercept), complete.rows);
    if rows <= terms {
        let message = format!(
            "{terms} {} need at least {} rows without missing values, and there are {rows}.",
            if terms == 1 { "term" } else { "terms" },
            terms + 1
        );
        return Err(Error::new("too-few-rows", message).detail("rows", rows).detail("needed", terms + 1));
    }
    let mut columns = complete.columns.into_iter();
    let response = columns.next().unwrap_or_default();
    let names = predictors.iter().map(|&name| name.to_owned()).collect();
    let fit = fit(names, columns.collect(), &response, options.intercept)?;
    let warnings = complete.warning.into_iter().chain(fit.warnings()).collect();
    Ok(Fitted { fit, warnings })
}
