//! The figure of a load: round trips a second, percentiles, and their distribution.

use crate::ui::format;
use leptos::prelude::*;
use replay::Load;

const BARS: u32 = 48;
/// The size of the drawing, in units of its own.
const WIDTH: f64 = 480.0;
const HEIGHT: f64 = 96.0;

#[component]
pub(super) fn LoadFigure(load: Load) -> impl IntoView {
    let time = |percent| format!("{} ms", format::milliseconds(load.percentile(percent).unwrap_or_default()));
    let rate = format::count(load.rate().round() as u64);
    let figures = [
        ("Round trips", format::count(load.count() as u64)),
        ("A second", rate.clone()),
        ("p50", time(50)),
        ("p99", time(99)),
        ("Slowest", time(100)),
    ];
    let words = format!(
        "Distribution of {} round trips: half took at most {}, 99 percent at most {}, the slowest {}.",
        load.count(),
        time(50),
        time(99),
        time(100)
    );
    let bars = load.bars(BARS);
    let most = bars.iter().map(|bar| bar.count).max().unwrap_or(1).max(1) as f64;
    let width = WIDTH / f64::from(BARS);
    let (p50, p99) = (load.percentile(50).unwrap_or_default(), load.percentile(99).unwrap_or_default());
    let drawn = bars.iter().zip(0..).map(|(bar, at)| {
        let height = bar.count as f64 / most * HEIGHT;
        // Also a single slow one is seen.
        let height = if bar.count > 0 { height.max(2.0) } else { 0.0 };
        let class = if bar.from_us >= p99 {
            "slow"
        } else if bar.from_us >= p50 {
            "upper"
        } else {
            "lower"
        };
        view! {
            <rect class=class x=f64::from(at) * width + 0.5 y=HEIGHT - height width=width - 1.0 height=height/>
        }
    });
    let (first, last) = (bars.first().map_or(0, |bar| bar.from_us), bars.last().map_or(0, |bar| bar.to_us));
    view! {
        <figure class="load">
            <dl>
                {figures.into_iter().map(|(name, value)| view! { <div><dt>{name}</dt><dd>{value}</dd></div> }).collect_view()}
            </dl>
            <svg role="img" aria-label=words viewBox=format!("0 0 {WIDTH} {HEIGHT}") preserveAspectRatio="none">
                {drawn.collect_view()}
            </svg>
            <figcaption>
                <span>{format!("{} ms", format::milliseconds(first))}</span>
                <span>"How long round trips took, on a logarithmic scale"</span>
                <span>{format!("{} ms", format::milliseconds(last))}</span>
            </figcaption>
        </figure>
    }
}
