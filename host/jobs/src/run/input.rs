//! The table that a task runs on: one that the client gave, or the results of other tasks, the rows of one below those of the
//! other.
//!
//! A table that the client gave was fitted to the model when the job was submitted. Results are fitted here, each by itself,
//! before they are put together; where that cannot be, the task fails with `invalid-input`.

#![expect(clippy::result_large_err, reason = "a failure ends the task, and is not passed on far")]

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use analyte_core::codes::Code;
use analyte_core::failure::Failure;
use analyte_core::job::{Input, Job, Task};
use analyte_core::limits::Limits;
use analyte_core::model::{Cardinality, ModelInfo};
use analyte_core::names::TaskName;
use analyte_core::shape::{Field, Shape};
use analyte_core::table::Table;
use analyte_core::table::fit::fit;
use analyte_core::table::format::{Format, Read, read};
use bytes::Bytes;

use crate::catalogue::schemas::Key;
use crate::manager::Manager;
use crate::run::pinned::Pinned;

impl Manager {
    /// Makes the table of a task from the stored ones that it is made of, which come in their order; and says what the client
    /// should know about it.
    pub(crate) async fn input(
        &self,
        job: &Job,
        task: &Task,
        pinned: &Pinned,
        stored: Vec<Bytes>,
        parameters: &str,
    ) -> Result<Read, Failure> {
        let (model, limits) = (pinned.model.clone(), self.inner.limits.clone());
        let size = stored.iter().map(Bytes::len).sum();
        let Input::Results { of } = &task.input else {
            let bytes = stored.into_iter().next().unwrap_or_default();
            let made = self.off_thread(&job.organisation, size, move || {
                read(Format::Arrow, bytes, &model.input, &limits)
                    .map_err(|error| Failure::new(Code::HostError, format!("the stored input cannot be read: {error}")))
            });
            // What there was to say of it was said at the submission.
            return Ok(Read { warnings: Vec::new(), ..made.await? });
        };
        refuse_large(&stored, &limits)?;
        let parts: Vec<_> = of.iter().cloned().zip(stored).collect();
        let made = self.off_thread(&job.organisation, size, move || of_results(parts, &model, &limits)).await?;
        self.check_columns(pinned, &made.table, parameters).await?;
        Ok(made)
    }

    /// Checks parameters that name columns of the input, of which a submission knew nothing.
    async fn check_columns(&self, pinned: &Pinned, table: &Table, parameters: &str) -> Result<(), Failure> {
        if pinned.model.column_parameters.is_empty() {
            return Ok(());
        }
        let key = Key::of(pinned.provider.organisation.as_ref(), &pinned.model);
        let schema = self.schema_of(&key, &pinned.model).await;
        let schema = schema.map_err(|error| Failure::new(error.code(), error.message()))?;
        let given = serde_json::from_str(parameters)
            .map_err(|_| Failure::new(Code::HostError, "the stored parameters are damaged"))?;
        match schema.check(given, Some(table)) {
            Ok(_) => Ok(()),
            Err(problems) => {
                let why = problems.first().map(ToString::to_string).unwrap_or_default();
                Err(Failure::new(Code::InvalidInput, why))
            }
        }
    }
}

/// Results that make up an input take together what one of them may.
fn refuse_large(stored: &[Bytes], limits: &Limits) -> Result<(), Failure> {
    let bytes = stored.iter().map(|bytes| bytes.len() as u64).fold(0, u64::saturating_add);
    let most = limits.output_bytes;
    if bytes <= most {
        return Ok(());
    }
    let message =
        format!("the results that make up the input have {bytes} bytes; {most} are allowed (limit output_bytes)");
    Err(Failure::new(Code::InvalidInput, message))
}

/// Fits each result to the model, and puts their rows one below the other.
fn of_results(parts: Vec<(TaskName, Bytes)>, model: &ModelInfo, limits: &Limits) -> Result<Read, Failure> {
    let mut warnings = Vec::new();
    let mut fitted: Vec<(TaskName, Table)> = Vec::with_capacity(parts.len());
    // What the tables take together is bounded like one table.
    let mut left = limits.clone();
    for (name, bytes) in parts {
        let stored = read(Format::Arrow, bytes, &Shape::any(), limits).map_err(|error| {
            Failure::new(Code::HostError, format!("the stored result of task `{name}` cannot be read: {error}"))
        })?;
        let part = fit(&stored.table, &model.input, Cardinality::Any, &left).map_err(|error| {
            Failure::new(error.code, format!("the result of task `{name}` does not fit the model: {error}"))
        })?;
        left.table_bytes = left.table_bytes.saturating_sub(part.table.memory_bytes() as u64);
        warnings.extend(part.warnings.into_iter().map(|warning| format!("the result of task `{name}`: {warning}")));
        fitted.push((name, part.table));
    }
    // Each is bounded by itself, and there may be many.
    let most = usize::try_from(limits.warnings).unwrap_or(usize::MAX);
    if warnings.len() > most {
        let kept = most.saturating_sub(1);
        let beyond = warnings.len() - kept;
        warnings.truncate(kept);
        warnings.push(format!("{beyond} further warnings about the input were not kept"));
        warnings.truncate(most);
    }
    let table = joined(fitted, limits)?;
    let invalid = |why| Failure::new(Code::InvalidInput, why);
    model.cardinality.check_input(table.rows()).map_err(invalid)?;
    Ok(Read { table, warnings })
}

/// The rows of tables one below the other. All have the columns of the first.
fn joined(parts: Vec<(TaskName, Table)>, limits: &Limits) -> Result<Table, Failure> {
    let invalid = |why: String| Failure::new(Code::InvalidInput, why);
    let rows = parts.iter().map(|(_, table)| table.rows() as u64).fold(0, u64::saturating_add);
    if rows > limits.rows {
        let most = limits.rows;
        let message = format!("the results that make up the input have {rows} rows; {most} are allowed (limit rows)");
        return Err(invalid(message));
    }
    let Some((first, shape)) = parts.first().map(|(name, table)| (name.clone(), table.fields().clone())) else {
        return Ok(Table::default());
    };
    let mut fields: Vec<Field> = shape.to_vec();
    let mut same = Vec::with_capacity(parts.len());
    for (name, table) in parts {
        let apart =
            |why: String| invalid(format!("the results of tasks `{first}` and `{name}` cannot be one input: {why}"));
        let by_name: HashMap<&str, (&Field, _)> =
            table.fields().iter().zip(table.columns()).map(|pair| (pair.0.name.as_ref(), pair)).collect();
        let mut columns = Vec::with_capacity(fields.len());
        for field in &mut fields {
            match by_name.get(field.name.as_ref()).copied() {
                Some((own, column)) if own.base_type == field.base_type && own.kind == field.kind => {
                    columns.push(Arc::clone(column));
                    // A column in which one of them misses values may miss values.
                    field.nullable |= own.nullable;
                }
                Some((own, _)) => {
                    let (one, other) = (field.base_type, own.base_type);
                    return Err(apart(format!("column `{}` is {one} in the one and {other} in the other", field.name)));
                }
                None => return Err(apart(format!("only the former has a column `{}`", field.name))),
            }
        }
        let known: HashSet<&str> = fields.iter().map(|field| field.name.as_ref()).collect();
        if let Some(further) = table.fields().iter().find(|own| !known.contains(own.name.as_ref())) {
            return Err(apart(format!("only the latter has a column `{}`", further.name)));
        }
        same.push((columns, table.rows()));
    }
    let fields: Arc<[Field]> = fields.into();
    let whole = |(columns, rows)| Table::new(fields.clone(), columns, rows);
    let same = same.into_iter().map(whole).collect::<Result<Vec<_>, _>>();
    let same = same.map_err(|error| Failure::new(Code::HostError, error.to_string()))?;
    Table::concat(same)
        .map_err(|error| invalid(format!("the results that make up the input cannot be joined: {error}")))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use analyte_core::base_type::BaseType;
    use analyte_core::names::ModelName;
    use analyte_core::shape::Rest;
    use analyte_core::table::format::write;

    use super::*;

    fn model(fields: Vec<Field>, rest: Rest, cardinality: Cardinality) -> ModelInfo {
        ModelInfo {
            name: ModelName::new("m").unwrap(),
            description: String::new(),
            version: String::new(),
            input: Shape { rest, ..Shape::closed(fields) },
            output: Shape::any(),
            cardinality,
            independent_rows: false,
            parameters_schema: None,
            column_parameters: Vec::new(),
            capabilities: Vec::new(),
            examples: Vec::new(),
        }
    }

    /// A task, the columns of its result, and its rows as CSV.
    type Part<'a> = (&'a str, &'a [(&'a str, BaseType)], &'a str);

    /// Results as they are stored, from CSV of these types.
    fn results(parts: &[Part<'_>]) -> Vec<(TaskName, Bytes)> {
        let stored = |(name, columns, csv): &Part<'_>| {
            let shape = Shape::closed(columns.iter().map(|(name, of)| Field::new(name, *of)).collect());
            let read = read(Format::Csv, Bytes::from((*csv).to_owned()), &shape, &Limits::default()).unwrap();
            (TaskName::new(name).unwrap(), write(Format::Arrow, &read.table).unwrap().into())
        };
        parts.iter().map(stored).collect()
    }

    fn made(parts: &[Part<'_>], model: &ModelInfo, limits: &Limits) -> Result<(String, Vec<String>), String> {
        let made = of_results(results(parts), model, limits).map_err(|failure| failure.to_string())?;
        let csv = write(Format::Csv, &made.table).unwrap();
        Ok((String::from_utf8(csv).unwrap().replace("\r\n", "\n"), made.warnings))
    }

    const X: (&str, BaseType) = ("x", BaseType::Number);
    const WHOLE_X: (&str, BaseType) = ("x", BaseType::Long);
    const Y: (&str, BaseType) = ("y", BaseType::String);

    #[test]
    fn rows_stand_in_the_order_of_the_tasks_under_the_columns_of_the_model() {
        let limits = Limits::default();
        let closed = model(vec![Field::new("x", BaseType::Number)], Rest::None, Cardinality::Any);
        let parts: [Part<'_>; 3] =
            [("b", &[Y, X], "y,x\nleft,1.5\n"), ("a", &[WHOLE_X], "x\n2\n3\n"), ("c", &[X], "x\n")];
        let (csv, warnings) = made(&parts, &closed, &limits).unwrap();
        assert_eq!(csv, "x\n1.5\n2.0\n3.0\n");
        let dropped = "the result of task `b`: column `y` is not used by this model and was dropped";
        assert_eq!(warnings, [dropped]);
        let (_, warnings) = made(&parts, &closed, &Limits { warnings: 0, ..Limits::default() }).unwrap();
        assert_eq!(warnings, [""; 0]);
        let twice: [Part<'_>; 2] = [parts[0], ("c", &[Y, X, ("z", BaseType::Number)], "y,x,z\nright,2.5,1\n")];
        let (_, warnings) = made(&twice, &closed, &Limits { warnings: 2, ..Limits::default() }).unwrap();
        assert_eq!(warnings, [dropped, "2 further warnings about the input were not kept"]);
        // One task's result goes on as it is.
        let open = model(vec![Field::new("x", BaseType::Number)], Rest::Any, Cardinality::Any);
        assert_eq!(made(&parts[..1], &open, &limits).unwrap(), ("x,y\n1.5,left\n".to_owned(), Vec::new()));
        // Further columns are found by their names.
        let others: [Part<'_>; 2] = [("a", &[Y, X], "y,x\nup,1\n"), ("b", &[X, Y], "x,y\n2,down\n")];
        assert_eq!(made(&others, &open, &limits).unwrap(), ("x,y\n1.0,up\n2.0,down\n".to_owned(), Vec::new()));
    }

    #[test]
    fn what_cannot_be_one_input_is_said() {
        let limits = Limits::default();
        let open = model(vec![Field::new("x", BaseType::Number)], Rest::Any, Cardinality::Any);
        let not = "invalid-input: the results of tasks `a` and `b` cannot be one input: ";
        let failed = |parts: &[Part<'_>], model: &ModelInfo, limits: &Limits| made(parts, model, limits).unwrap_err();
        let (with, without): (Part<'_>, Part<'_>) = (("a", &[X, Y], "x,y\n1,2\n"), ("b", &[X], "x\n1\n"));
        assert_eq!(failed(&[with, without], &open, &limits), format!("{not}only the former has a column `y`"));
        let (without, with): (Part<'_>, Part<'_>) = (("a", &[X], "x\n1\n"), ("b", &[X, Y], "x,y\n1,2\n"));
        assert_eq!(failed(&[without, with], &open, &limits), format!("{not}only the latter has a column `y`"));
        let number: Part<'_> = ("b", &[X, ("y", BaseType::Number)], "x,y\n1,2\n");
        let text: Part<'_> = ("a", &[X, Y], "x,y\n1,2\n");
        let said = format!("{not}column `y` is STRING in the one and NUMBER in the other");
        assert_eq!(failed(&[text, number], &open, &limits), said);
        let wrong: Part<'_> = ("a", &[("x", BaseType::String)], "x\nmuch\n");
        assert_eq!(
            failed(&[wrong], &open, &limits),
            "invalid-input: the result of task `a` does not fit the model: field `x`: expected NUMBER, found a column of STRING"
        );
        let one_row = model(Vec::new(), Rest::Any, Cardinality::Onex1);
        assert_eq!(
            failed(&[without, ("b", &[X], "x\n1\n")], &one_row, &limits),
            "invalid-input: the model's cardinality is 1x1: it takes exactly 1 row, and 2 were given"
        );
        let few = Limits { rows: 1, ..Limits::default() };
        assert_eq!(
            failed(&[without, ("b", &[X], "x\n1\n")], &open, &few),
            "invalid-input: the results that make up the input have 2 rows; 1 are allowed (limit rows)"
        );
        let small = Limits { output_bytes: 7, ..Limits::default() };
        let refused = refuse_large(&[Bytes::from_static(b"four"), Bytes::from_static(b"four")], &small).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "invalid-input: the results that make up the input have 8 bytes; 7 are allowed (limit output_bytes)"
        );
    }
}
