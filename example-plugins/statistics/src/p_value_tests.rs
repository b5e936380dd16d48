//! Against values that mpmath 1.4.1 computed to 60 digits (`tests/data/p_values.csv`).

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

#[test]
fn p_values_have_the_digits_that_the_module_promises() {
    for line in include_str!("../tests/data/p_values.csv").lines().skip(1) {
        let [kind, degrees_of_freedom, statistic, wanted] = line.split(',').collect::<Vec<_>>()[..] else {
            panic!("{line}");
        };
        let number = |text: &str| text.parse::<f64>().unwrap();
        let (rest, statistic, wanted) = (number(degrees_of_freedom), number(statistic), number(wanted));
        let got = match kind {
            "t" => super::of_t(statistic, rest),
            numerator => super::of_f(statistic, number(numerator), rest),
        }
        .unwrap();
        let promised = if rest <= 1_000.0 {
            1e-11
        } else if rest <= 100_000.0 {
            1e-9
        } else {
            1e-7
        };
        assert!((got - wanted).abs() <= promised * wanted, "{line}: {got}");
    }
}

#[test]
fn a_statistic_without_end_has_no_chance_and_zero_has_every_chance() {
    assert_eq!(super::of_t(f64::INFINITY, 5.0), Some(0.0));
    assert_eq!(super::of_t(0.0, 5.0), Some(1.0));
    assert_eq!(super::of_f(f64::INFINITY, 2.0, 5.0), Some(0.0));
    assert_eq!(super::of_f(0.0, 2.0, 5.0), Some(1.0));
    assert_eq!(super::of_t(f64::NAN, 5.0), None);
}
