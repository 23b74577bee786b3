//! The result of a run: a table over time, the slope of the memory, and a plot.

use crate::sample::{Sample, mebibytes};
use crate::tally::Tally;
use anyhow::{Result, anyhow};
use bench::table::{number, table};
use plotters::prelude::{BLUE, ChartBuilder, IntoDrawingArea, IntoFont, LineSeries, RED, RGBColor, SVGBackend, WHITE};
use plotters::style::Color;
use std::path::Path;

/// The rows of the table.
const ROWS: usize = 12;
const GREEN: RGBColor = RGBColor(0, 128, 60);

/// The figures as Markdown.
pub(crate) fn text(scenario: &str, visitors: u32, samples: &[Sample], tally: &Tally) -> String {
    let head = ["time", "memory, MiB", "descriptors", "CPU, cores", "echo p50, ms", "echo p99, ms"];
    let every = samples.len().div_ceil(ROWS).max(1);
    let rows: Vec<_> = samples.iter().skip(every - 1).step_by(every).map(row).collect();
    let slope = match slope(samples) {
        Some(slope) => format!("In the second half, the memory changed by {} MiB an hour.", number(slope)),
        None => "The run was too short for the slope of the memory.".to_owned(),
    };
    let mut text = format!(
        "`soak --scenario {scenario}` with {visitors} visitors: {} connections in {} sessions that ended, {} MiB observed, {} failures.\n\n{}\n{slope}\n",
        tally.connections.get(),
        tally.sessions.get(),
        number(mebibytes(tally.observed.get())),
        tally.failures(),
        table(&head, &rows),
    );
    for (kind, count) in tally.kinds() {
        text.push_str(&format!("\n- {count} times: {kind}"));
    }
    text
}

fn row(sample: &Sample) -> Vec<String> {
    let ms = |micros: Option<u64>| micros.map_or("none".to_owned(), |micros| number(micros as f64 / 1000.0));
    vec![
        format!("{:.0} s", sample.at.as_secs_f64()),
        number(mebibytes(sample.resident)),
        sample.descriptors.to_string(),
        number(sample.cpu),
        ms(sample.latency.map(|latency| latency.p50)),
        ms(sample.latency.map(|latency| latency.p99)),
    ]
}

/// By how much the memory grows in the second half of a run, in MiB an hour: the slope of the line of least squares.
fn slope(samples: &[Sample]) -> Option<f64> {
    let points: Vec<_> = samples[samples.len() / 2..]
        .iter()
        .map(|sample| (sample.at.as_secs_f64() / 3600.0, mebibytes(sample.resident)))
        .collect();
    let count = points.len() as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / count;
    let (x, y) = (mean(|point| point.0), mean(|point| point.1));
    let above: f64 = points.iter().map(|point| (point.0 - x) * (point.1 - y)).sum();
    let below: f64 = points.iter().map(|point| (point.0 - x).powi(2)).sum();
    (points.len() >= 10).then(|| above / below)
}

/// Draws memory, descriptors and latency over time, one below the other.
pub(crate) fn plot(file: &Path, samples: &[Sample]) -> Result<()> {
    let area = SVGBackend::new(file, (900, 720)).into_drawing_area();
    area.fill(&WHITE).map_err(|error| anyhow!("{error}"))?;
    let seconds = |sample: &Sample| sample.at.as_secs_f64();
    let memory = samples.iter().map(|sample| (seconds(sample), mebibytes(sample.resident))).collect();
    let descriptors = samples.iter().map(|sample| (seconds(sample), sample.descriptors as f64)).collect();
    let p99 = |sample: &Sample| Some((seconds(sample), sample.latency?.p99 as f64 / 1000.0));
    let latency = samples.iter().filter_map(p99).collect();
    let lines: [(&str, Points, RGBColor); 3] = [
        ("Resident memory, MiB", memory, BLUE),
        ("Open descriptors", descriptors, GREEN),
        ("p99 of an echo, ms", latency, RED),
    ];
    let parts = area.split_evenly((lines.len(), 1));
    for ((title, points, color), part) in lines.into_iter().zip(parts) {
        line(&part, title, points, color).map_err(|error| anyhow!("{error}"))?;
    }
    area.present().map_err(|error| anyhow!("{error}"))
}

/// Seconds since the start, and a figure.
type Points = Vec<(f64, f64)>;
type Area<'a> = plotters::drawing::DrawingArea<SVGBackend<'a>, plotters::coord::Shift>;

fn line(area: &Area<'_>, title: &str, points: Points, color: RGBColor) -> Result<(), String> {
    let end = points.last().map_or(1.0, |point| point.0);
    let top = points.iter().map(|point| point.1).fold(1.0, f64::max) * 1.1;
    let mut chart = ChartBuilder::on(area)
        .margin(12)
        .caption(title, ("sans-serif", 16).into_font())
        .x_label_area_size(28)
        .y_label_area_size(60)
        .build_cartesian_2d(0.0..end, 0.0..top)
        .map_err(|error| error.to_string())?;
    chart.configure_mesh().x_desc("seconds").draw().map_err(|error| error.to_string())?;
    chart.draw_series(LineSeries::new(points, color.stroke_width(2))).map_err(|error| error.to_string())?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn samples(resident: impl Fn(u64) -> u64) -> Vec<Sample> {
        let sample = |second| Sample {
            at: Duration::from_secs(second),
            resident: resident(second),
            descriptors: 9,
            cpu: 0.5,
            latency: None,
            connections: 0,
            failures: 0,
        };
        (1..=60).map(sample).collect()
    }

    #[test]
    fn the_slope_is_that_of_the_second_half() {
        let grows = slope(&samples(|second| (1 << 30) + (second << 20))).unwrap();
        assert!((grows - 3600.0).abs() < 0.01, "{grows}");
        // The first half may grow.
        let rests = slope(&samples(|second| second.min(30) << 20)).unwrap();
        assert!(rests.abs() < 0.01, "{rests}");
        assert_eq!(slope(&samples(|_| 0)[..5]), None);
    }

    #[test]
    fn the_table_has_a_row_for_parts_of_the_run() {
        let text = text("mix", 7, &samples(|_| 64 << 20), &Tally::default());
        assert!(text.starts_with("`soak --scenario mix` with 7 visitors: 0 connections"), "{text}");
        assert_eq!(text.lines().filter(|line| line.contains("64.0")).count(), 12, "{text}");
    }
}
