//! The curves as a picture.

use std::error::Error;
use std::ops::Range;
use std::path::Path;

use plotters::prelude::*;

use crate::curve::{Chart, Curve, figures};
use support::bench::rounds::grouped;

/// Width and height of one chart, in pixels.
const SIZE: (u32, u32) = (620, 420);
const COLOURS: [RGBColor; 7] = [
    RGBColor(31, 119, 180),
    RGBColor(255, 127, 14),
    RGBColor(44, 160, 44),
    RGBColor(214, 39, 40),
    RGBColor(148, 103, 189),
    RGBColor(140, 86, 75),
    RGBColor(127, 127, 127),
];

/// Writes all charts into one SVG, two beside each other.
pub(crate) fn write(path: &Path, charts: &[Chart]) -> Result<(), Box<dyn Error>> {
    let rows = charts.len().div_ceil(2);
    let size = (SIZE.0 * 2, SIZE.1 * u32::try_from(rows)?);
    let root = SVGBackend::new(path, size).into_drawing_area();
    root.fill(&WHITE)?;
    for (area, chart) in root.split_evenly((rows, 2)).iter().zip(charts) {
        draw(area, chart)?;
    }
    root.present()?;
    Ok(())
}

fn draw(area: &DrawingArea<SVGBackend<'_>, plotters::coord::Shift>, chart: &Chart) -> Result<(), Box<dyn Error>> {
    let points = || chart.curves.iter().flat_map(|curve| &curve.points);
    let sizes = room(points().map(|(size, _)| *size as f64), 0.0);
    // Names of the curves stand below them.
    let costs = room(points().map(|(_, cost)| *cost), 0.6);
    let mut axes = ChartBuilder::on(area)
        .caption(chart.title, ("sans-serif", 17))
        .margin(12)
        .x_label_area_size(40)
        .y_label_area_size(64)
        .build_cartesian_2d(sizes.log_scale(), costs.log_scale())?;
    axes.configure_mesh()
        .light_line_style(WHITE)
        .x_desc(chart.sizes)
        .y_desc(chart.unit)
        .x_label_formatter(&|size| grouped(*size))
        .y_label_formatter(&|cost| figures(*cost))
        .draw()?;
    for (Curve { name, points }, colour) in chart.curves.iter().zip(COLOURS.iter().cycle()) {
        let points = points.iter().map(|(size, cost)| (*size as f64, *cost));
        axes.draw_series(LineSeries::new(points, colour.stroke_width(2)).point_size(3))?
            .label(name)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 16, y)], colour.stroke_width(2)));
    }
    axes.configure_series_labels()
        .position(SeriesLabelPosition::LowerRight)
        .background_style(WHITE.mix(0.8))
        .label_font(("sans-serif", 12))
        .draw()?;
    Ok(())
}

/// From a little under the least to a little over the most, and so much of that height below it, both logarithmic.
fn room(numbers: impl Iterator<Item = f64>, below: f64) -> Range<f64> {
    let (least, most) =
        numbers.fold((f64::MAX, f64::MIN), |(least, most), number| (least.min(number), most.max(number)));
    let (least, most) = (least / 1.3, most * 1.3);
    least * (least / most).powf(below)..most
}
