//! The models as an author calls them: scores and flags of whole tables.

#![expect(clippy::unwrap_used, reason = "tests")]

use analyte_sdk::testing;
use proptest::prelude::*;

use super::*;

fn judge_all(values: &[Option<f64>], window: u32, threshold: f64) -> Result<Vec<Judged>> {
    let table = Table::of_rows(values.iter().map(|value| Observation { value: *value }))?;
    let result = testing::run::<RobustOutliers>(table, Options { window, threshold })?.into_table()?;
    Ok(result.read()?.collect())
}

#[test]
fn its_examples_hold() {
    testing::check_examples::<RobustOutliers>().unwrap();
}

#[test]
fn what_is_not_finite_is_refused_by_its_row() {
    let error = judge_all(&[Some(1.0), None, Some(f64::NAN)], 3, 3.0).unwrap_err();
    let wanted = Error::new("non-finite", "Column `value` holds NaN in row 3; only finite numbers can be analysed.");
    assert_eq!(error, wanted.detail("column", "value").detail("row", 3));
}

#[test]
fn a_short_or_empty_series_has_no_results_but_its_rows() {
    let nothing = Judged { median: None, mad: None, score: None, outlier: None };
    assert_eq!(judge_all(&[], 3, 3.0).unwrap(), []);
    assert_eq!(judge_all(&[Some(1.0), Some(2.0)], 3, 3.0).unwrap(), [nothing.clone(), nothing]);
}

#[test]
fn a_score_equal_to_the_threshold_is_none() {
    // Median 1, deviations 1, 0 and 1.
    let score = 1.0 / NORMAL;
    let outlier =
        |threshold: f64| judge_all(&[Some(0.0), Some(1.0), Some(2.0)], 3, threshold).unwrap().pop().unwrap().outlier;
    assert_eq!((outlier(score), outlier(score - 1e-9)), (Some(false), Some(true)));
}

fn series() -> impl Strategy<Value = Vec<Option<f64>>> {
    prop::collection::vec(prop::option::weighted(0.8, prop_oneof![-5.0..5.0, (-3..3_i8).prop_map(f64::from)]), 0..60)
}

proptest! {
    /// Missing values change nothing but their own rows.
    #[test]
    fn missing_values_are_passed_over(values in series(), window in 3..10_u32) {
        let all = judge_all(&values, window, 3.0).unwrap();
        let present: Vec<_> = values.iter().copied().flatten().map(Some).collect();
        let alone = judge_all(&present, window, 3.0).unwrap();
        let nothing = Judged { median: None, mad: None, score: None, outlier: None };
        let (of_missing, of_present): (Vec<_>, Vec<_>) = values.iter().zip(all).partition(|(value, _)| value.is_none());
        prop_assert!(of_missing.iter().all(|(_, judged)| *judged == nothing));
        prop_assert_eq!(of_present.into_iter().map(|(_, judged)| judged).collect::<Vec<_>>(), alone);
    }

    /// In another unit, median and deviation follow, and the judgement stays. Powers of two change no digit.
    #[test]
    fn units_do_not_matter(values in series(), window in 3..10_u32) {
        let scaled: Vec<_> = values.iter().map(|value| value.map(|value| value * -4.0)).collect();
        let (here, there) = (judge_all(&values, window, 2.0).unwrap(), judge_all(&scaled, window, 2.0).unwrap());
        for (here, there) in here.iter().zip(&there) {
            prop_assert_eq!(here.median.map(|median| median * -4.0), there.median);
            prop_assert_eq!(here.mad.map(|mad| mad * 4.0), there.mad);
            prop_assert_eq!((here.score, here.outlier), (there.score, there.outlier));
        }
    }
}
