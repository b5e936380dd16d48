//! NEAR and NOTNEAR.

use analyte_core::query::Field;
use serde_json::{Value, json};

use crate::{holds, one};

fn at(latitude: f64, longitude: f64) -> Field<'static> {
    Field::Location { latitude, longitude, elevation: None }
}

fn near(kind: &str, distance: f64, units: Option<&str>, field: Field<'static>) -> bool {
    let mut filter = json!({"type": kind, "fieldName": "f", "distance": distance,
        "location": {"latitude": 42.3601, "longitude": -71.0589, "elevation": 43}});
    if let Some(units) = units {
        filter["units"] = json!(units);
    }
    holds(&filter, &one(field))
}

/// New York is 306.1 km from Boston: 190.2 miles, 165.3 nautical miles.
#[test]
fn units_count() {
    for (units, inside, outside) in [
        (Some("K"), 306.5, 305.5),
        (Some("k"), 306.5, 305.5),
        (Some("M"), 190.5, 189.9),
        (Some("m"), 190.5, 189.9),
        (Some("N"), 165.6, 165.0),
        (Some("furlongs"), 190.5, 189.9),
        (Some(""), 190.5, 189.9),
        (None, 190.5, 189.9),
    ] {
        let new_york = || at(40.7128, -74.0060);
        assert!(near("NEAR", inside, units, new_york()), "{units:?} {inside}");
        assert!(!near("NOTNEAR", inside, units, new_york()), "{units:?} {inside}");
        assert!(!near("NEAR", outside, units, new_york()), "{units:?} {outside}");
        assert!(near("NOTNEAR", outside, units, new_york()), "{units:?} {outside}");
    }
}

#[test]
fn the_edge_is_outside() {
    let centre = || at(42.3601, -71.0589);
    assert!(!near("NEAR", 0.0, None, centre()));
    assert!(near("NOTNEAR", 0.0, None, centre()));
    assert!(near("NEAR", 0.001, None, centre()));
    assert!(!near("NEAR", -1.0, None, centre()));
}

#[test]
fn the_globe_is_round() {
    let filter = |longitude: f64, latitude: f64| {
        json!({"type": "NEAR", "fieldName": "f", "distance": 112, "units": "K",
            "location": {"latitude": latitude, "longitude": longitude}})
    };
    // A degree across the date line, over the pole, and half way round.
    assert!(holds(&filter(179.5, 0.0), &one(at(0.0, -179.5))));
    assert!(holds(&filter(0.0, 89.6), &one(at(89.6, 180.0))));
    assert!(!holds(&filter(0.0, 0.0), &one(at(0.0, 180.0))));
    let half = json!({"type": "NEAR", "fieldName": "f", "distance": 20_016, "units": "K",
        "location": {"latitude": 0, "longitude": 0}});
    assert!(holds(&half, &one(at(0.0, 180.0))));
}

#[test]
fn only_places_are_near_or_not() {
    for field in [Field::Missing, Field::text("42.3601,-71.0589"), Field::Integer(1), Field::Other, at(f64::NAN, 0.0)] {
        for kind in ["NEAR", "NOTNEAR"] {
            assert!(!near(kind, 100_000.0, None, field.clone()), "{kind} {field:?}");
        }
    }
    // And places are nothing else.
    for filter in [
        json!({"type": "EQ", "value": "42.3601,-71.0589"}),
        json!({"type": "NE", "value": 1}),
        json!({"type": "LIKE", "value": "*"}),
        json!({"type": "IN", "values": [1]}),
    ] {
        let mut filter: Value = filter;
        filter["fieldName"] = json!("f");
        assert!(!holds(&filter, &one(at(42.3601, -71.0589))), "{filter}");
    }
}
