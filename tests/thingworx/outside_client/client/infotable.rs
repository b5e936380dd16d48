//! InfoTables as an application sees them: fields in their display order, cells typed by the declared base type.
//!
//! Strict on purpose. A cell that is not what its field declares, or a definition that lacks what every definition has, is
//! an error and not a guess: that is how this client finds out what a server gets wrong.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

/// One column.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    pub name: String,
    pub base_type: String,
    pub ordinal: i64,
    pub aspects: Map<String, Value>,
}

/// One value. What is unset has no cell.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    Text(String),
    Whole(i64),
    Number(f64),
    Truth(bool),
    /// Milliseconds since 1970 in UTC.
    Instant(i64),
    Table(Table),
    /// JSON, and objects of the other base types (locations, tags).
    Json(Value),
}

/// A table.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Table {
    /// In display order.
    pub fields: Vec<Field>,
    pub rows: Vec<BTreeMap<String, Cell>>,
}

impl Table {
    /// One with these fields, in this order, and no rows yet.
    pub fn of(fields: &[(&str, &str)]) -> Self {
        let field = |(ordinal, (name, base_type)): (i64, &(&str, &str))| Field {
            name: (*name).to_owned(),
            base_type: (*base_type).to_owned(),
            ordinal,
            aspects: Map::new(),
        };
        Self { fields: (1..).zip(fields).map(field).collect(), rows: Vec::new() }
    }

    /// With one row more; cells in the order of the fields, `None` for unset.
    pub fn row(mut self, cells: impl IntoIterator<Item = Option<Cell>>) -> Self {
        let named = self.fields.iter().map(|field| field.name.clone()).zip(cells);
        self.rows.push(named.filter_map(|(name, cell)| Some((name, cell?))).collect());
        self
    }

    /// Names in display order.
    pub fn names(&self) -> Vec<&str> {
        self.fields.iter().map(|field| field.name.as_str()).collect()
    }

    /// All cells of one field.
    pub fn column(&self, name: &str) -> Vec<Option<&Cell>> {
        self.rows.iter().map(|row| row.get(name)).collect()
    }

    /// All cells of one field as numbers.
    pub fn numbers(&self, name: &str) -> Vec<Option<f64>> {
        self.column(name).into_iter().map(|cell| cell.and_then(Cell::number)).collect()
    }

    /// All cells of one field as text.
    pub fn texts(&self, name: &str) -> Vec<Option<&str>> {
        self.column(name).into_iter().map(|cell| cell.and_then(Cell::text)).collect()
    }

    /// Reads what a server answered.
    pub fn parse(json: &Value) -> Result<Self, String> {
        let definitions = json.pointer("/dataShape/fieldDefinitions").and_then(Value::as_object);
        let definitions = definitions.ok_or_else(|| format!("no map of field definitions in {json}"))?;
        let mut fields =
            definitions.iter().map(|(key, field)| parse_field(key, field)).collect::<Result<Vec<_>, _>>()?;
        fields.sort_by(|one, other| (one.ordinal, &one.name).cmp(&(other.ordinal, &other.name)));
        let rows = json.get("rows").and_then(Value::as_array).ok_or_else(|| format!("no rows in {json}"))?;
        let rows = rows.iter().map(|row| parse_row(&fields, row)).collect::<Result<_, _>>()?;
        Ok(Self { fields, rows })
    }

    /// As it is sent.
    pub fn to_json(&self) -> Value {
        let definition = |field: &Field| {
            let Field { name, base_type, ordinal, aspects } = field;
            let json = json!({
                "name": name, "baseType": base_type, "description": "", "ordinal": ordinal, "aspects": aspects,
            });
            (name.clone(), json)
        };
        let definitions: Map<String, Value> = self.fields.iter().map(definition).collect();
        let row = |row: &BTreeMap<String, Cell>| -> Value {
            row.iter().map(|(name, cell)| (name.clone(), cell.to_json())).collect::<Map<_, _>>().into()
        };
        json!({"dataShape": {"fieldDefinitions": definitions}, "rows": self.rows.iter().map(row).collect::<Vec<_>>()})
    }
}

impl Cell {
    pub fn number(&self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(*number),
            #[expect(clippy::cast_precision_loss, reason = "what an application does that reckons with numbers")]
            Self::Whole(whole) => Some(*whole as f64),
            _ => None,
        }
    }

    pub fn text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    pub fn instant(&self) -> Option<i64> {
        if let Self::Instant(instant) = self { Some(*instant) } else { None }
    }

    pub fn table(&self) -> Option<&Table> {
        if let Self::Table(table) = self { Some(table) } else { None }
    }

    fn to_json(&self) -> Value {
        match self {
            Self::Text(text) => json!(text),
            Self::Whole(whole) | Self::Instant(whole) => json!(whole),
            Self::Number(number) => json!(number),
            Self::Truth(truth) => json!(truth),
            Self::Table(table) => table.to_json(),
            Self::Json(json) => json.clone(),
        }
    }
}

impl From<f64> for Cell {
    fn from(number: f64) -> Self {
        Self::Number(number)
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

fn parse_field(key: &str, json: &Value) -> Result<Field, String> {
    let text = |name: &str| {
        let text = json.get(name).and_then(Value::as_str);
        text.map(str::to_owned).ok_or_else(|| format!("the definition of {key} has no {name}: {json}"))
    };
    let name = text("name")?;
    if name != key {
        return Err(format!("the definition at {key} is that of {name}"));
    }
    let ordinal = json.get("ordinal").map_or(Some(0), Value::as_i64);
    Ok(Field {
        name,
        base_type: text("baseType")?,
        ordinal: ordinal.ok_or_else(|| format!("the ordinal of {key} is no whole number: {json}"))?,
        aspects: json.get("aspects").and_then(Value::as_object).cloned().unwrap_or_default(),
    })
}

fn parse_row(fields: &[Field], json: &Value) -> Result<BTreeMap<String, Cell>, String> {
    let row = json.as_object().ok_or_else(|| format!("a row is {json}"))?;
    if let Some(stranger) = row.keys().find(|key| !fields.iter().any(|field| field.name == **key)) {
        return Err(format!("a row has {stranger}, which is not in the shape"));
    }
    let mut cells = BTreeMap::new();
    for field in fields {
        // A missing key and null both mean that the field is unset.
        if let Some(value) = row.get(&field.name).filter(|value| !value.is_null()) {
            let cell = parse_cell(&field.base_type, value)?;
            let cell = cell.ok_or_else(|| format!("{} is {}, but has {value}", field.name, field.base_type))?;
            cells.insert(field.name.clone(), cell);
        }
    }
    Ok(cells)
}

/// `None`: this is no such value.
fn parse_cell(base_type: &str, json: &Value) -> Result<Option<Cell>, String> {
    Ok(match base_type {
        "INTEGER" | "LONG" => json.as_i64().map(Cell::Whole),
        "NUMBER" | "TIMESPAN" => json.as_f64().map(Cell::Number),
        "BOOLEAN" => json.as_bool().map(Cell::Truth),
        "DATETIME" => json.as_i64().map(Cell::Instant),
        "INFOTABLE" => Some(Cell::Table(Table::parse(json)?)),
        "JSON" => Some(Cell::Json(unboxed(json))),
        "QUERY" | "LOCATION" | "TAGS" | "VARIANT" => Some(Cell::Json(json.clone())),
        // Everything else travels as a string, and an unknown type counts as one.
        _ => json.as_str().map(Cell::from),
    })
}

/// An array may come as it is or in a box, `{"array": […]}`.
fn unboxed(json: &Value) -> Value {
    let object = json.as_object().filter(|object| object.len() == 1);
    object.and_then(|object| object.get("array")).filter(|array| array.is_array()).unwrap_or(json).clone()
}
