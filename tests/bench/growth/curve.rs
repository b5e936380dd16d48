//! How a cost grows with a size.

use support::bench::rounds::grouped;

/// Costs of the same thing at sizes that grow.
#[derive(Debug)]
pub(crate) struct Curve {
    pub(crate) name: String,
    /// Sizes and costs, least size first.
    pub(crate) points: Vec<(usize, f64)>,
}

impl Curve {
    /// One without points yet.
    pub(crate) fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), points: Vec::new() }
    }

    /// One more point.
    pub(crate) fn add(&mut self, size: usize, cost: f64) {
        self.points.push((size, cost));
    }

    /// The cost at this size.
    pub(crate) fn at(&self, size: usize) -> Option<f64> {
        self.points.iter().find(|(known, _)| *known == size).map(|(_, cost)| *cost)
    }

    /// How steep it is between the size before and this one, both axes being logarithmic: 0 where the cost stays as it is, 1
    /// where it grows as the size does, 2 where it grows as the square.
    pub(crate) fn slope(&self, size: usize) -> Option<f64> {
        let before = self.points.iter().rev().find(|(known, _)| *known < size)?;
        Some((self.at(size)? / before.1).ln() / (size as f64 / before.0 as f64).ln())
    }

    /// The size at which what grows is as much as what is there in any case; that is where the curve bends. The cost of the
    /// least size is taken for what is there in any case, and the cost of the largest, by its size, for what one more adds.
    /// `None` where the end is not steep enough for that (a slope under a half).
    pub(crate) fn knee(&self) -> Option<f64> {
        let (least, largest) = (self.points.first()?, self.points.last()?);
        let each = (largest.1 - least.1) / (largest.0 - least.0) as f64;
        (self.slope(largest.0)? >= 0.5).then_some(least.1 / each)
    }
}

/// Curves of one unit over the same sizes.
#[derive(Debug)]
pub(crate) struct Chart {
    pub(crate) title: &'static str,
    /// What is counted.
    pub(crate) sizes: &'static str,
    /// Of the costs.
    pub(crate) unit: &'static str,
    pub(crate) curves: Vec<Curve>,
    /// What was measured, and how.
    pub(crate) note: String,
}

impl Chart {
    /// As a table.
    pub(crate) fn print(&self) {
        let Self { title, sizes, unit, curves, note } = self;
        println!("### {title}\n\n{note}\n");
        let names: String = curves.iter().map(|curve| format!(" {} |", curve.name)).collect();
        println!("| {sizes} |{names}\n| ---: |{}", " ---: |".repeat(curves.len()));
        for (size, _) in curves.first().map(|curve| curve.points.as_slice()).unwrap_or_default() {
            let cells: String = curves.iter().map(|curve| format!(" {} |", cell(curve, *size, unit))).collect();
            println!("| {} |{cells}", grouped(*size as f64));
        }
        let knees: String = curves.iter().map(|curve| format!(" {} |", knee(curve))).collect();
        println!("| knee |{knees}\n");
    }
}

fn cell(curve: &Curve, size: usize, unit: &str) -> String {
    let cost = curve.at(size).map_or_else(|| "?".to_owned(), |cost| format!("{} {unit}", figures(cost)));
    curve.slope(size).map_or_else(|| cost.clone(), |slope| format!("{cost} · {slope:.2}"))
}

fn knee(curve: &Curve) -> String {
    curve.knee().map_or_else(|| "none".to_owned(), figures)
}

/// Three of its figures at least, and all before the point.
pub(crate) fn figures(number: f64) -> String {
    match number.abs() {
        tens if tens >= 100.0 => grouped(number),
        tens if tens >= 10.0 => format!("{number:.1}"),
        ones if ones >= 1.0 => format!("{number:.2}"),
        _ => format!("{number:.3}"),
    }
}
