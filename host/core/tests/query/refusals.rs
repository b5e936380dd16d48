//! Every query that is refused, with what is said of it.

use analyte_core::codes::Code;
use analyte_core::limits::Limits;
use analyte_core::query::{Query, QueryProblem};
use serde_json::{Value, json};

fn problem(query: &Value) -> QueryProblem {
    Query::of_value(query, &Limits::default()).expect_err(&query.to_string())
}

fn of_text(text: &[u8]) -> (Code, String) {
    let problem = Query::read(text, &Limits::default()).expect_err("refused");
    assert_eq!(problem.pointer, "");
    (problem.code(), problem.message)
}

fn check(table: &[(Value, &str, &str)]) {
    for (query, pointer, message) in table {
        let problem = problem(query);
        assert_eq!((problem.pointer.as_str(), problem.message.as_str()), (*pointer, *message), "{query}");
        assert_eq!(problem.code(), Code::InvalidInput);
    }
}

/// Leaves as the root of a query; pointers are those below `/filters`.
fn check_leaves(table: &[(Value, &str, &str)]) {
    for (filter, pointer, message) in table {
        check(&[(json!({"filters": filter}), &format!("/filters{pointer}"), message)]);
    }
}

#[test]
fn the_whole() {
    check(&[
        (json!([]), "", "expected a query, an object, found an array"),
        (json!(null), "", "expected a query, an object, found null"),
        (json!("{}"), "", "expected a query, an object, found a text"),
        (json!({"filter": {}}), "/filter", "a query has no member `filter`; its members are `filters`, `sorts`"),
        (json!({"a/b~c": 1}), "/a~1b~0c", "a query has no member `a/b~c`; its members are `filters`, `sorts`"),
        (json!({"filters": []}), "/filters", "expected one filter, an object, found an array; AND and OR take several"),
        (json!({"filters": null}), "/filters", "expected a filter, an object, found null"),
        (json!({"filters": "x"}), "/filters", "expected a filter, an object, found a text"),
        (json!({"sorts": {}}), "/sorts", "expected an array, found an object"),
        (json!({"sorts": null}), "/sorts", "expected an array, found null"),
        (json!({"sorts": ["a"]}), "/sorts/0", "expected a sort, an object, found a text"),
        (json!({"sorts": [{"fieldName": "a"}, {}]}), "/sorts/1", "a sort needs `fieldName`"),
        (json!({"sorts": [{"fieldName": 1}]}), "/sorts/0/fieldName", "expected a text, found a number"),
        (
            json!({"sorts": [{"fieldName": "a", "isAscending": "no"}]}),
            "/sorts/0/isAscending",
            "expected true or false, found a text",
        ),
        (
            json!({"sorts": [{"fieldName": "a", "isCaseSensitive": null}]}),
            "/sorts/0/isCaseSensitive",
            "expected true or false, found null",
        ),
        (
            json!({"sorts": [{"fieldName": "a", "ascending": false}]}),
            "/sorts/0/ascending",
            "a sort has no member `ascending`; its members are `fieldName`, `isAscending`, `isCaseSensitive`",
        ),
    ]);
    let problem = problem(&json!({"filters": {"type": "AND", "filters": [{}]}}));
    assert_eq!(problem.to_string(), "the query, at /filters/filters/0: a filter needs `type`");
    let problem = self::problem(&json!(1));
    assert_eq!(problem.to_string(), "the query: expected a query, an object, found a number");
}

#[test]
fn types() {
    let types = "the types are AND, OR, EQ, NE, NEQ, GT, GE, LT, LE, LIKE, NOTLIKE, IN, NOTIN, BETWEEN, NOTBETWEEN, \
                 MATCHES, NOTMATCHES, MISSINGVALUE, NOTMISSINGVALUE, TAGGED, TAGGEDWITH, NOTTAGGED, NOTTAGGEDWITH, NEAR, \
                 NOTNEAR";
    for word in ["NOT", "NOTEQ", "NOTAND", "NOTGT", "", " EQ", "eQ!", "ＥＱ"] {
        let message = format!("`{word}` is no type of filter; {types}");
        check_leaves(&[(json!({"type": word, "fieldName": "f"}), "/type", &message)]);
    }
    let long = format!("`{}…` is no type of filter; {types}", "x".repeat(80));
    check_leaves(&[
        (json!({"type": "x".repeat(100_000)}), "/type", &long),
        (json!({}), "", "a filter needs `type`"),
        (json!({"type": 5}), "/type", "expected a text, found a number"),
        (json!({"type": null}), "/type", "expected a text, found null"),
    ]);
}

#[test]
fn composites() {
    check_leaves(&[
        (json!({"type": "and"}), "", "a filter of type AND needs `filters`"),
        (json!({"type": "OR", "filters": {}}), "/filters", "expected an array, found an object"),
        (
            json!({"type": "AND", "filters": [], "fieldName": "f"}),
            "/fieldName",
            "a filter of type AND has no member `fieldName`; its members are `type`, `filters`",
        ),
        (json!({"type": "AND", "filters": [true]}), "/filters/0", "expected a filter, an object, found true or false"),
        (
            json!({"type": "AND", "filters": [{"type": "OR", "filters": [{"type": "MISSINGVALUE", "fieldName": "f"}, {"type": "MISSINGVALUE"}]}]}),
            "/filters/0/filters/1",
            "a filter of type MISSINGVALUE needs `fieldName`",
        ),
    ]);
}

#[test]
fn comparisons() {
    for word in ["EQ", "NE", "NEQ", "GT", "GE", "LT", "LE"] {
        let needs = |member: &str| format!("a filter of type {word} needs `{member}`");
        let unknown = format!(
            "a filter of type {word} has no member `values`; its members are `type`, `fieldName`, `value`, `isCaseSensitive`"
        );
        let wanted = "expected a text, a number, true, false or null, found";
        check_leaves(&[
            (json!({"type": word, "fieldName": "f"}), "", &needs("value")),
            (json!({"type": word, "value": 1}), "", &needs("fieldName")),
            (json!({"type": word, "fieldName": "f", "values": [1]}), "/values", &unknown),
            (json!({"type": word, "fieldName": "f", "value": [1]}), "/value", &format!("{wanted} an array")),
            (json!({"type": word, "fieldName": "f", "value": {}}), "/value", &format!("{wanted} an object")),
            (json!({"type": word, "fieldName": null, "value": 1}), "/fieldName", "expected a text, found null"),
            (
                json!({"type": word, "fieldName": "f", "value": 1, "isCaseSensitive": 1}),
                "/isCaseSensitive",
                "expected true or false, found a number",
            ),
        ]);
    }
}

#[test]
fn lists_ranges_patterns_and_expressions() {
    check_leaves(&[
        (json!({"type": "IN", "fieldName": "f"}), "", "a filter of type IN needs `values`"),
        (json!({"type": "IN", "fieldName": "f", "values": "a"}), "/values", "expected an array, found a text"),
        (
            json!({"type": "NOTIN", "fieldName": "f", "values": [1, {}]}),
            "/values/1",
            "expected a text, a number, true, false or null, found an object",
        ),
        (
            json!({"type": "NOTIN", "fieldName": "f", "value": 1}),
            "/value",
            "a filter of type NOTIN has no member `value`; its members are `type`, `fieldName`, `values`, `isCaseSensitive`",
        ),
        (json!({"type": "BETWEEN", "fieldName": "f"}), "", "a filter of type BETWEEN needs `from`, `to` or both"),
        (json!({"type": "NOTBETWEEN", "from": 1}), "", "a filter of type NOTBETWEEN needs `fieldName`"),
        (
            json!({"type": "BETWEEN", "fieldName": "f", "from": 1, "to": []}),
            "/to",
            "expected a text, a number, true, false or null, found an array",
        ),
        (
            json!({"type": "BETWEEN", "fieldName": "f", "from": 1, "isCaseSensitive": true}),
            "/isCaseSensitive",
            "a filter of type BETWEEN has no member `isCaseSensitive`; its members are `type`, `fieldName`, `from`, `to`",
        ),
        (json!({"type": "LIKE", "fieldName": "f"}), "", "a filter of type LIKE needs `value`"),
        (json!({"type": "NOTLIKE", "fieldName": "f", "value": 5}), "/value", "expected a text, found a number"),
        (json!({"type": "MATCHES", "fieldName": "f"}), "", "a filter of type MATCHES needs `expression`"),
        (
            json!({"type": "MATCHES", "fieldName": "f", "expression": null}),
            "/expression",
            "expected a text, found null",
        ),
        (
            json!({"type": "MATCHES", "fieldName": "f", "expression": "a(b"}),
            "/expression",
            "not a regular expression: unclosed group",
        ),
        (
            json!({"type": "NOTMATCHES", "fieldName": "f", "expression": "(a)\\1"}),
            "/expression",
            "not a regular expression: backreferences are not supported",
        ),
        (
            json!({"type": "MATCHES", "fieldName": "f", "expression": "a(?=b)"}),
            "/expression",
            "not a regular expression: look-around, including look-ahead and look-behind, is not supported",
        ),
        (
            json!({"type": "MISSINGVALUE", "fieldName": "f", "value": null}),
            "/value",
            "a filter of type MISSINGVALUE has no member `value`; its members are `type`, `fieldName`",
        ),
    ]);
}

#[test]
fn tags_and_places() {
    let near = |change: fn(&mut Value)| {
        let mut filter =
            json!({"type": "NEAR", "fieldName": "f", "distance": 1, "location": {"latitude": 1, "longitude": 2}});
        change(&mut filter);
        filter
    };
    check_leaves(&[
        (json!({"type": "TAGGED", "fieldName": "tags"}), "", "a filter of type TAGGED needs `tags`"),
        (json!({"type": "TAGGED", "fieldName": "tags", "tags": "a:b"}), "/tags", "expected an array, found a text"),
        (
            json!({"type": "TaggedWith", "fieldName": "tags", "tags": ["a:b"]}),
            "/tags/0",
            "expected a tag, an object, found a text",
        ),
        (
            json!({"type": "NOTTAGGED", "fieldName": "tags", "tags": [{"vocabulary": "a"}]}),
            "/tags/0",
            "a tag needs `vocabularyTerm`",
        ),
        (
            json!({"type": "TAGGED", "fieldName": "tags", "tags": [{"vocabulary": "a", "vocabularyTerm": 1}]}),
            "/tags/0/vocabularyTerm",
            "expected a text, found a number",
        ),
        (
            json!({"type": "TAGGED", "fieldName": "tags", "tags": [{"vocabulary": "a", "term": "b"}]}),
            "/tags/0/term",
            "a tag has no member `term`; its members are `vocabulary`, `vocabularyTerm`",
        ),
        (
            near(|f| drop(f.as_object_mut().expect("an object").remove("distance"))),
            "",
            "a filter of type NEAR needs `distance`",
        ),
        (near(|f| f["distance"] = json!("1")), "/distance", "expected a number, found a text"),
        (near(|f| f["units"] = json!(1)), "/units", "expected a text, found a number"),
        (
            near(|f| drop(f.as_object_mut().expect("an object").remove("location"))),
            "",
            "a filter of type NEAR needs `location`",
        ),
        (near(|f| f["location"] = json!("1,2")), "/location", "expected a location, an object, found a text"),
        (near(|f| f["location"] = json!({"latitude": 1})), "/location", "a location needs `longitude`"),
        (near(|f| f["location"]["latitude"] = json!(null)), "/location/latitude", "expected a number, found null"),
        (near(|f| f["location"]["elevation"] = json!("3")), "/location/elevation", "expected a number, found a text"),
        (
            near(|f| f["location"]["units"] = json!("K")),
            "/location/units",
            "a location has no member `units`; its members are `latitude`, `longitude`, `elevation`",
        ),
    ]);
}

#[test]
fn texts_that_are_not_json() {
    assert_eq!(of_text(b""), (Code::Malformed, "not JSON: EOF while parsing a value at line 1 column 0".to_owned()));
    assert_eq!(of_text(b"{} x"), (Code::Malformed, "not JSON: trailing characters at line 1 column 4".to_owned()));
    assert_eq!(of_text(b"\"\xff\""), (Code::Malformed, "not JSON: the text is not UTF-8".to_owned()));
    assert_eq!(of_text(b"{\"filters\":{\"distance\":1e999}}").0, Code::Malformed);
}

#[test]
fn limits_are_named() {
    let leaf = json!({"type": "MISSINGVALUE", "fieldName": "f"});
    let any = |filters: Vec<Value>| json!({"filters": {"type": "OR", "filters": filters}});
    let nested = |levels: usize| json!({"filters": (1..levels).fold(leaf.clone(), |inner, _| json!({"type": "AND", "filters": [inner]}))});
    let values = |count: usize| json!({"filters": {"type": "IN", "fieldName": "f", "values": vec![1; count]}});
    let like = |bytes: usize| json!({"filters": {"type": "LIKE", "fieldName": "f", "value": "é".repeat(bytes / 2)}});
    let matches = |expression: String| json!({"type": "MATCHES", "fieldName": "f", "expression": expression});
    let tagged = |count: usize| {
        let tags = vec![json!({"vocabulary": "a", "vocabularyTerm": "b"}); count];
        json!({"filters": {"type": "TAGGED", "fieldName": "tags", "tags": tags}})
    };
    let sorts = |count: usize| json!({"sorts": vec![json!({"fieldName": "f"}); count]});
    for fits in [any(vec![leaf.clone(); 999]), nested(30), values(10_000), like(4_096), tagged(10_000), sorts(16)] {
        let read = Query::read(fits.to_string().as_bytes(), &Limits::default());
        assert!(read.is_ok(), "{read:?}");
    }
    assert!(Query::of_value(&any(vec![matches("a".repeat(4_096)); 8]), &Limits::default()).is_ok());
    let too_big =
        "the regular expression takes more than the limit query_regex_bytes, 1048576 bytes, when it is compiled";
    check(&[
        (
            any(vec![leaf.clone(); 1_000]),
            "/filters/filters/999",
            "the query has more filters than the limit query_filters, 1000",
        ),
        (
            nested(31),
            &format!("/filters{}", "/filters/0".repeat(30)),
            "the filters are nested deeper than the limit query_depth, 30 levels",
        ),
        (values(10_001), "/filters/values", "the array has 10001 values, and the limit query_values is 10000"),
        (tagged(10_001), "/filters/tags", "the array has 10001 tags, and the limit query_values is 10000"),
        (like(4_098), "/filters/value", "the pattern has 4098 bytes, and the limit query_pattern_bytes is 4096"),
        (like(1 << 20), "/filters/value", "the pattern has 1048576 bytes, and the limit query_pattern_bytes is 4096"),
        (
            json!({"filters": matches("a".repeat(4_097))}),
            "/filters/expression",
            "the expression has 4097 bytes, and the limit query_pattern_bytes is 4096",
        ),
        (
            any(vec![matches("a".to_owned()); 9]),
            "/filters/filters/8/expression",
            "the query has more regular expressions than the limit query_regexes, 8",
        ),
        (json!({"filters": matches("((a{100}){100}){100}".to_owned())}), "/filters/expression", too_big),
        (json!({"filters": matches("\\w{1000}".to_owned())}), "/filters/expression", too_big),
        (json!({"filters": matches("(?i)[\\s\\S]{20000}".to_owned())}), "/filters/expression", too_big),
        (
            json!({"filters": matches("(".repeat(1_000) + &")".repeat(1_000))}),
            "/filters/expression",
            "not a regular expression: exceed the maximum number of nested parentheses/brackets (250)",
        ),
        (sorts(17), "/sorts", "the query has 17 sorts, and the limit query_sorts is 16"),
    ]);
}

#[test]
fn ordinary_expressions_fit_their_limit() {
    for expression in [
        r"^[\w.+-]+@[\w-]+\.[\w.-]+$",
        r"(?i)^(error|warning|fatal): .*\d{1,6}",
        r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}",
        r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$",
        r"^\w{1,16}$",
        r"\p{Greek}+|\p{Lu}\p{Ll}*",
    ] {
        let filter = json!({"filters": {"type": "MATCHES", "fieldName": "f", "expression": expression}});
        assert!(Query::of_value(&filter, &Limits::default()).is_ok(), "{expression}");
    }
}

/// Read in one pass that keeps nothing and goes down nowhere.
#[test]
fn endless_nesting_is_refused_before_it_is_read() {
    let filters = "{\"filters\":{\"type\":\"AND\",\"filters\":[".repeat(10_000);
    assert_eq!(of_text(filters.as_bytes()).0, Code::Malformed);
    let whole = format!("{{\"filters\":{}1{}}}", "[".repeat(10_000), "]".repeat(10_000));
    assert_eq!(of_text(whole.as_bytes()), (Code::Malformed, "JSON nested deeper than 64 levels".to_owned()));
    let large = format!("{{\"filters\":\"{}\"}}", "x".repeat(1 << 20));
    assert_eq!(
        of_text(large.as_bytes()),
        (Code::TooLarge, "it takes 1048590 bytes, and the limit query_bytes is 1048576".to_owned())
    );
}
