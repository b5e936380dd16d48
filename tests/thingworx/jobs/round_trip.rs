//! Values of every base type, from `inputParams` to `GetJobResults`.

use serde_json::{Value, json};

use super::{Client, named};
use support::server::Server;

/// Base type, values as they are given, and as they come back; `null` both ways is "unset".
fn values() -> Vec<(&'static str, Vec<(Value, Value)>)> {
    let same = |values: &[Value]| values.iter().map(|value| (value.clone(), value.clone())).collect::<Vec<_>>();
    let texts = || same(&[json!("text, \"quoted\" ⌁"), json!("")]);
    let table = json!({
        "dataShape": {"fieldDefinitions": {"n": {"name": "n", "baseType": "NUMBER", "description": "", "ordinal": 0, "aspects": {}}}},
        "rows": [{"n": 1.5}, {}],
    });
    vec![
        ("STRING", [texts(), vec![(json!(35), json!("35")), (json!(true), json!("true"))]].concat()),
        ("TEXT", texts()),
        (
            "INTEGER",
            vec![(json!(-7), json!(-7)), (json!("35"), json!(35)), (json!(2_147_483_647), json!(2_147_483_647))],
        ),
        ("LONG", vec![(json!(9_007_199_254_740_993_i64), json!(9_007_199_254_740_993_i64)), (json!("-1"), json!(-1))]),
        ("NUMBER", vec![(json!(0.1), json!(0.1)), (json!("35"), json!(35.0)), (json!(-1e300), json!(-1e300))]),
        (
            "BOOLEAN",
            vec![
                (json!(true), json!(true)),
                (json!("TRUE"), json!(true)),
                (json!("x"), json!(false)),
                (json!("2"), json!(true)),
                (json!(0), json!(false)),
            ],
        ),
        (
            "DATETIME",
            vec![
                (json!(1_634_630_768_641_i64), json!(1_634_630_768_641_i64)),
                (json!("1634630768641"), json!(1_634_630_768_641_i64)),
                (json!("2021-10-19T10:06:08.641+02:00"), json!(1_634_630_768_641_i64)),
                (json!("2021-10-19"), json!(1_634_601_600_000_i64)),
            ],
        ),
        ("TIMESPAN", same(&[json!(86_400_000)])),
        (
            "LOCATION",
            vec![
                (
                    json!({"latitude": 48.1, "longitude": 11.5, "elevation": 520.0}),
                    json!({"latitude": 48.1, "longitude": 11.5, "elevation": 520.0}),
                ),
                (json!("48.1,11.5,520"), json!({"latitude": 48.1, "longitude": 11.5, "elevation": 520.0})),
            ],
        ),
        ("JSON", same(&[json!({"a": [1, null, {"b": "c"}]})])),
        ("INFOTABLE", same(&[table])),
        ("QUERY", same(&[json!({"filters": {"type": "EQ", "fieldName": "a", "value": 1}})])),
        (
            "TAGS",
            vec![
                (
                    json!([{"vocabulary": "Site", "vocabularyTerm": "North"}]),
                    json!([{"vocabulary": "Site", "vocabularyTerm": "North"}]),
                ),
                (json!("Site:North"), json!([{"vocabulary": "Site", "vocabularyTerm": "North"}])),
            ],
        ),
        ("VARIANT", vec![(json!("bare"), json!("bare")), (json!({"baseType": "NUMBER", "value": "2"}), json!(2.0))]),
        ("GUID", same(&[json!("00000000-0000-0000-0000-000000000000")])),
        ("HYPERLINK", same(&[json!("/Thingworx/Things")])),
        ("IMAGELINK", same(&[json!("/Thingworx/MediaEntities/a")])),
        ("HTML", same(&[json!("<p>a & b</p>")])),
        ("XML", same(&[json!("<a b=\"c\"/>")])),
        ("SCHEDULE", same(&[json!("0 0 * * *")])),
        ("PASSWORD", same(&[json!("as it is kept")])),
        ("IMAGE", same(&[json!("iVBORw0KGgo=")])),
        ("BLOB", same(&[json!("AP8=")])),
        ("VEC2", same(&[json!("1:2")])),
        ("VEC3", same(&[json!("1:2:3")])),
        ("VEC4", same(&[json!("1:2:3:4")])),
        ("THINGCODE", same(&[json!("1:2")])),
        ("THINGNAME", same(&[json!("Pump-7")])),
        ("USERNAME", same(&[json!("Administrator")])),
        // One that the server does not know is a STRING.
        ("NONSENSE", vec![(json!("a"), json!("a"))]),
    ]
}

#[test]
fn every_base_type_comes_back_as_it_was_given() {
    let server = Server::with_plugins(&["hostile"]);
    let client = Client::of(&server);
    let all = values();
    let longest = all.iter().map(|(_, values)| values.len()).max().unwrap_or_default();
    let mut fields = json!({});
    let (mut given, mut expected) = (vec![json!({}); longest + 1], vec![json!({}); longest + 1]);
    for (ordinal, (base_type, values)) in all.iter().enumerate() {
        let name = format!("f{base_type}");
        fields[&name] =
            json!({"name": name, "baseType": base_type, "description": "", "ordinal": ordinal, "aspects": {}});
        for (row, (value, back)) in values.iter().enumerate() {
            given[row][&name] = value.clone();
            expected[row][&name] = back.clone();
        }
    }
    // A row in which each is set to null: the same as absent.
    for (base_type, _) in &all {
        given[longest][format!("f{base_type}")] = Value::Null;
    }
    let input = json!({"dataShape": {"fieldDefinitions": fields}, "rows": given});
    let id = client.submit("echo", &json!({ "inputParams": input }));
    client.until(&id, "COMPLETED");
    let results = client.table("GetJobResults", &named(&id));
    for (row, wanted) in expected.iter().enumerate() {
        assert_eq!(&results["rows"][row], wanted, "row {row}");
    }
    for (base_type, _) in &all {
        let shown = &results["dataShape"]["fieldDefinitions"][format!("f{base_type}")];
        // Components know no names of entities but one kind.
        let wanted = match *base_type {
            "NONSENSE" => "STRING",
            "THINGNAME" | "USERNAME" => "ENTITYNAME",
            other => other,
        };
        assert_eq!(shown["baseType"], wanted, "{shown}");
    }
    // The same, waited for.
    let body = json!({"providerName": "hostile", "modelName": "echo", "inputParams": input});
    assert_eq!(client.table("ExecuteJob", &body), results);
}

#[test]
fn results_have_their_shape_before_there_are_any() {
    let server = super::one_at_a_time("");
    let client = Client::of(&server);
    let busy = client.submit("spin", &json!({}));
    let waiting = client.submit("noop", &json!({}));
    let failed = client.submit("noop", &json!({}));
    client.scalar("CancelJob", &named(&failed));
    client.until(&busy, "INPROCESS");
    for id in [&busy, &waiting, &failed] {
        let table = client.table("GetJobResults", &named(id));
        assert_eq!(table["rows"], json!([]));
        assert_eq!(table["dataShape"]["fieldDefinitions"]["value"]["baseType"], "NUMBER", "{table}");
        assert_eq!(client.table("GetJobResultFiles", &named(id))["rows"], json!([]));
    }
    let errors = client.table("GetJobErrors", &named(&waiting));
    assert_eq!(errors["rows"], json!([]));
    assert_eq!(errors["dataShape"]["fieldDefinitions"]["errorMessage"]["baseType"], "STRING");
    client.scalar("CancelJob", &named(&busy));
    // Of a model that is gone the server does not know the fields.
    client.until(&waiting, "COMPLETED");
    server.http.delete("/v1/providers/hostile").expect(204);
    let table = client.table("GetJobResults", &named(&failed));
    assert_eq!(table, json!({"dataShape": {"fieldDefinitions": {}}, "rows": []}));
    assert_eq!(client.table("GetJobResults", &named(&waiting))["rows"], json!([{"value": 1.5}]));
}
