//! Tables as XML.

use analyte_core::base_type::BaseType;
use analyte_core::infotable::xml::write_xml;
use analyte_core::shape::Shape;

use crate::{read, shape};

fn xml(text: &str, shape: &Shape) -> String {
    let table = read(text, shape).expect("a table").table;
    String::from_utf8(write_xml(&table, u64::MAX).expect("written")).expect("UTF-8")
}

/// The rows of a table with one text column.
fn cell(value: &str) -> String {
    let text = format!(r#"[{{"x":{value}}}]"#);
    let whole = xml(&text, &shape(&[("x", BaseType::String)]));
    let rows = whole.split_once("<rows>").and_then(|(_, rows)| rows.split_once("</rows>"));
    rows.map(|(rows, _)| rows.to_owned()).expect("rows")
}

#[test]
fn a_table_in_xml() {
    let text = r#"{"dataShape":{"fieldDefinitions":{
        "n":{"baseType":"NUMBER","description":"a \"b\" <c>","ordinal":1},
        "when":{"baseType":"DATETIME","ordinal":2},
        "a b":{"baseType":"USERNAME","ordinal":3},
        "xmlns":{"baseType":"BOOLEAN","ordinal":4},
        "Länge":{"baseType":"BLOB","ordinal":5},
        "t":{"baseType":"INFOTABLE","ordinal":6},
        "j":{"baseType":"JSON","ordinal":7}}},
        "rows":[{"n":1,"when":0,"a b":"x","xmlns":true,"Länge":"AA==","t":[{"u":"v"}],"j":{"a":"<"}},{"n":null},{"n":-0.5}]}"#;
    let expected = [
        r#"<?xml version="1.0" encoding="UTF-8"?><infotable><datashape><fields>"#,
        r#"<field name="n" baseType="NUMBER" description="a &quot;b&quot; &lt;c&gt;" ordinal="0"/>"#,
        r#"<field name="when" baseType="DATETIME" description="" ordinal="1"/>"#,
        r#"<field name="a b" baseType="USERNAME" description="" ordinal="2"/>"#,
        r#"<field name="xmlns" baseType="BOOLEAN" description="" ordinal="3"/>"#,
        r#"<field name="Länge" baseType="BLOB" description="" ordinal="4"/>"#,
        r#"<field name="t" baseType="INFOTABLE" description="" ordinal="5"/>"#,
        r#"<field name="j" baseType="JSON" description="" ordinal="6"/>"#,
        "</fields></datashape><rows><row>",
        "<n><![CDATA[1.0]]></n>",
        "<when><![CDATA[1970-01-01T00:00:00.000Z]]></when>",
        r#"<field name="a b"><![CDATA[x]]></field>"#,
        r#"<field name="xmlns"><![CDATA[true]]></field>"#,
        "<Länge><![CDATA[AA==]]></Länge>",
        r#"<t><infotable><datashape><fields><field name="u" baseType="STRING" description="" ordinal="0"/></fields></datashape>"#,
        "<rows><row><u><![CDATA[v]]></u></row></rows></infotable></t>",
        r#"<j><![CDATA[{"a":"<"}]]></j>"#,
        "</row><row></row><row><n><![CDATA[-0.5]]></n></row></rows></infotable>",
    ];
    assert_eq!(xml(text, &Shape::any()), expected.concat());
}

#[test]
fn any_text_stands_in_xml() {
    let cases = [
        (r#""a&b<c>""#, "<row><x><![CDATA[a&b<c>]]></x></row>"),
        (r#""a]]>b]]>""#, "<row><x><![CDATA[a]]]]><![CDATA[>b]]]]><![CDATA[>]]></x></row>"),
        (r#""""#, "<row><x><![CDATA[]]></x></row>"),
        // XML 1.0 has no word for these.
        (r#""a\u0000\u001b\uffff\tb""#, "<row><x><![CDATA[a\u{fffd}\u{fffd}\u{fffd}\tb]]></x></row>"),
        // In a section the carriage return would be read as a line feed.
        (r#""a\r\n<""#, "<row><x>a&#13;\n&lt;</x></row>"),
        (r#""😀""#, "<row><x><![CDATA[😀]]></x></row>"),
        ("null", "<row></row>"),
    ];
    for (value, expected) in cases {
        assert_eq!(cell(value), expected, "{value}");
    }
}
