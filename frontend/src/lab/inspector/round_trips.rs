//! A drawing of the round trips of a connection's pings.

use crate::lab::Lab;
use crate::ui::format;
use leptos::prelude::*;
use observation::round_trip::RoundTrip;
use observation::sequence::RowKey;
use observation::{ConnectionNumber, Seq};

/// Why a round trip is uncertain.
const UNCERTAIN: &str = "Several pings had this payload, and a pong repeats only the payload. So this pong may answer a later ping, \
    and this is the longest possible time. It counts for the oldest ping (RFC 6455 §5.5.3).";

/// The most round trips in the drawing.
const SHOWN: usize = 60;
/// The size of the drawing, in its own units.
const WIDTH: f64 = 360.0;
const HEIGHT: f64 = 56.0;
/// The margin, so that no dot is cut off.
const MARGIN: f64 = 6.0;

#[component]
pub fn RoundTrips(
    connection: ConnectionNumber,
    /// The inspected ping or pong.
    seq: Seq,
) -> impl IntoView {
    let lab = expect_context::<Lab>();
    let trips = Memo::new(move |_| {
        lab.record.with(|record| {
            let mut last: Vec<_> = record.transcript.round_trips().of(connection).rev().take(SHOWN).collect();
            last.reverse();
            last
        })
    });
    // It may be older than the ones in the drawing.
    let this = Memo::new(move |_| {
        let is_this = |trip: &RoundTrip| trip.ping == seq || trip.pong == seq;
        lab.record.with(|record| record.transcript.round_trips().of(connection).find(is_this))
    });
    let some = Memo::new(move |_| trips.with(|trips| !trips.is_empty()));
    view! {
        <Show when=move || some.get()>
            <h3>"Round trips " <span class="muted">"from ping to pong, by the relay’s clock"</span></h3>
            {move || this.get().map(|trip| view! { <ThisTrip trip seq/> })}
            {move || view! { <Plot trips=trips.get() this=this.get()/> }}
            <p class="note">{move || trips.with(|trips| summary(trips))}</p>
        </Show>
    }
}

#[component]
fn ThisTrip(trip: RoundTrip, seq: Seq) -> impl IntoView {
    let lab = expect_context::<Lab>();
    let (other, words) = if seq == trip.ping { (trip.pong, "Show the pong") } else { (trip.ping, "Show the ping") };
    view! {
        <p class="this-trip">
            <b>{format!("{} ms", format::milliseconds(trip.us))}</b>
            {trip.is_uncertain.then(|| view! { <em class="op uncertain">"uncertain"</em> })}
            <button type="button" class="small" on:click=move |_| lab.inspect(RowKey::Frame(other))>
                {words}
            </button>
        </p>
        {trip.is_uncertain.then(|| view! { <p class="note">{UNCERTAIN}</p> })}
    }
}

#[component]
fn Plot(trips: Vec<RoundTrip>, this: Option<RoundTrip>) -> impl IntoView {
    let places = places(&trips.iter().map(|trip| trip.us).collect::<Vec<_>>());
    let line = places.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect::<Vec<_>>().join(" ");
    let dots = trips.iter().zip(&places).map(|(trip, (x, y))| {
        let is_this = Some(*trip) == this;
        let radius = if is_this { "4.5" } else { "2" };
        view! {
            <circle
                cx=format!("{x:.1}")
                cy=format!("{y:.1}")
                r=radius
                class:this=is_this
                fill-opacity=if trip.is_uncertain { "0.4" } else { "1" }
            ></circle>
        }
    });
    let label = summary(&trips);
    view! {
        <svg class="trips" viewBox=format!("0 0 {WIDTH} {HEIGHT}") role="img" aria-label=label>
            <path d=format!("M0 {0}H{WIDTH}", HEIGHT - MARGIN) class="floor"></path>
            <polyline points=line></polyline>
            {dots.collect_view()}
        </svg>
    }
}

/// The position of each round trip: in order from left to right, from zero at the bottom to the longest at the top.
fn places(all_us: &[u64]) -> Vec<(f64, f64)> {
    let longest = all_us.iter().copied().max().unwrap_or(0).max(1) as f64;
    let step = (WIDTH - 2.0 * MARGIN) / (all_us.len().max(2) - 1) as f64;
    let place = |(index, &us): (usize, &u64)| {
        let height = (HEIGHT - 2.0 * MARGIN) * us as f64 / longest;
        (MARGIN + step * index as f64, HEIGHT - MARGIN - height)
    };
    all_us.iter().enumerate().map(place).collect()
}

fn summary(trips: &[RoundTrip]) -> String {
    let all = || trips.iter().map(|trip| trip.us);
    let ms = |us: Option<u64>| format::milliseconds(us.unwrap_or(0));
    let count = format::plural(trips.len() as u64, "round trip");
    let uncertain = match trips.iter().filter(|trip| trip.is_uncertain).count() {
        0 => String::new(),
        some => format!(" {some} uncertain: the pong may answer another ping with the same payload."),
    };
    if trips.len() < 2 {
        return format!("{count}: {} ms.{uncertain}", ms(all().next_back()));
    }
    let (least, most, last) = (ms(all().min()), ms(all().max()), ms(all().next_back()));
    format!("{count}, from {least} to {most} ms; the last took {last} ms.{uncertain}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_is_at_the_top_and_nothing_is_cut() {
        let places = places(&[500, 1_000, 0]);
        assert_eq!(places, [(6.0, 28.0), (180.0, 6.0), (354.0, 50.0)]);
        assert_eq!(super::places(&[7]), [(6.0, 6.0)]);
        assert_eq!(super::places(&[0]), [(6.0, 50.0)]);
        assert_eq!(super::places(&[]), []);
    }

    #[test]
    fn the_text_says_what_the_picture_shows() {
        let (connection, is_uncertain) = (ConnectionNumber(1), false);
        let trip = |us| RoundTrip { connection, ping: Seq(us), pong: Seq(us + 1), us, is_uncertain };
        assert_eq!(summary(&[trip(420)]), "1 round trip: 0.4 ms.");
        assert_eq!(
            summary(&[trip(300), trip(1_200), trip(400)]),
            "3 round trips, from 0.3 to 1.2 ms; the last took 0.4 ms."
        );
        let doubted = summary(&[RoundTrip { is_uncertain: true, ..trip(420) }]);
        assert!(doubted.starts_with("1 round trip: 0.4 ms. 1 uncertain: "), "{doubted}");
    }
}
