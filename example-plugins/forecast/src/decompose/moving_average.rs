//! The mean of one season around each row.

/// Of a season of odd length, the mean of the season that has the row in its middle; of one of even length, the mean of the
/// two seasons that have it next to their middle, so that the two ends count half ("2×m moving average" in Hyndman and
/// Athanasopoulos, 3.3). `None` where such a season is not all in the series.
pub(crate) fn centred(values: &[f64], length: usize) -> Vec<Option<f64>> {
    let half = length / 2;
    let means = means(values, length);
    let mut centred = vec![None; half];
    if length.is_multiple_of(2) {
        centred.extend(means.windows(2).map(|two| Some(two.iter().sum::<f64>() / 2.0)));
    } else {
        centred.extend(means.into_iter().map(Some));
    }
    centred.resize(values.len(), None);
    centred
}

/// The mean of each run of `length` values. What leaves is taken off and what comes is added, with the rounding errors
/// carried along (Neumaier, "Rundungsfehleranalyse einiger Verfahren zur Summation endlicher Summen", Zeitschrift für
/// Angewandte Mathematik und Mechanik 54 (1974)), so that they do not pile up along the series.
fn means(values: &[f64], length: usize) -> Vec<f64> {
    let (mut sum, mut carried) = (0.0_f64, 0.0_f64);
    let mut add = |value: f64| {
        // Shares rather than values: a sum of huge values could leave the range, a mean cannot.
        let share = value / length as f64;
        let next = sum + share;
        carried += if sum.abs() >= share.abs() { (sum - next) + share } else { (share - next) + sum };
        sum = next;
        sum + carried
    };
    let mut means = Vec::with_capacity(values.len());
    for (index, value) in values.iter().enumerate() {
        if let Some(left) = index.checked_sub(length).and_then(|left| values.get(left)) {
            add(-left);
        }
        let mean = add(*value);
        if index + 1 >= length {
            means.push(mean);
        }
    }
    means
}
