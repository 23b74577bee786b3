//! The judgement of a run: what must never happen, and what everybody must have seen once everything is healed.

use super::check;
use super::site::{RELAYS, Site};
use super::view::View;
use observation::{Document, Event, Observation};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// How long everything may take that needs no more than a healed site.
const PATIENCE: Duration = Duration::from_secs(40);

/// What observers have seen, by their names.
type Named = Vec<(String, View)>;

/// Ends the test at the first thing that must never happen.
pub(crate) fn complain(site: &Site) {
    let views = site.observers.iter().map(|observer| (observer.name.clone(), observer.view()));
    let seen = views.flat_map(|(name, view)| view.faults.into_iter().map(move |fault| format!("{name}: {fault}")));
    let heard = site
        .clients
        .iter()
        .flat_map(|client| client.heard().faults.into_iter().map(|fault| format!("client {}: {fault}", client.tag)));
    let faults: Vec<_> = seen.chain(heard).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// Waits until everybody has seen what a healed site must show, and compares it.
pub(crate) async fn judge(site: &mut Site) {
    let began = Instant::now();
    let mut marked = mark(site, began).await;
    loop {
        complain(site);
        let (views, watchers) = views(site);
        let all = check::union(&views).unwrap_or_else(|faults| panic!("{}", faults.join("\n")));
        let losses: Vec<_> = (0..RELAYS).map(|index| site.losses(index)).collect();
        let deeds: Vec<_> = site.clients.iter().map(|client| client.deeds(&losses[client.relay])).collect();
        let faults = check::connections(&all, &deeds, site.has_lost_data, true);
        if faults.is_empty() {
            site.note(&format!("{} observations, the last is {marked}", all.len()));
            return compare(site, &views, &watchers, marked).await;
        }
        assert!(began.elapsed() < PATIENCE, "{}", faults.join("\n"));
        // What is missing may still come, and then a later marker follows it.
        marked = mark(site, began).await;
    }
}

/// Sends a last message on each relay, and returns the highest number when every observer has seen all of them. What a relay has
/// recorded before comes before it.
async fn mark(site: &mut Site, began: Instant) -> u64 {
    loop {
        let mut tags = Vec::new();
        for index in 0..RELAYS {
            assert!(site.open(index, false).await, "everything is healed");
            let client = site.clients.last_mut().unwrap();
            client.talk(1).await;
            client.close().await;
            tags.push(client.tag);
        }
        for observer in 0..site.observers.len() {
            if !site.observers[observer].is_connected() {
                site.observe(observer, observer % RELAYS).await;
            }
        }
        let seen = tokio::time::timeout(Duration::from_secs(6), all_see_ends_of(site, &tags)).await;
        if let Ok(Some(number)) = seen {
            return number;
        }
        site.note(&format!("the marks of clients {tags:?} have not come"));
        let at: Vec<_> = views(site).0.iter().map(|(name, view)| format!("{name} at {}", view.at)).collect();
        assert!(began.elapsed() < PATIENCE, "not everybody sees the last messages: {}", at.join(", "));
    }
}

/// The highest number of the ends of these clients' connections, or `None` if a feed ended.
async fn all_see_ends_of(site: &Site, tags: &[u32]) -> Option<u64> {
    let mut last = 0;
    for observer in &site.observers {
        for tag in tags {
            observer.until(|view| check::end_of(&view.log, *tag).is_some()).await;
            last = last.max(check::end_of(&observer.view().log, *tag)?);
        }
    }
    Some(last)
}

/// What observers have seen, and what those have seen who only watch.
fn views(site: &Site) -> (Named, Named) {
    let views = |only_watch: bool| {
        let observers = site.observers.iter().filter(move |observer| observer.only_watches == only_watch);
        observers.map(|observer| (observer.name.clone(), observer.view())).collect()
    };
    (views(false), views(true))
}

/// Gaps have a reason, newcomers have the same log, and it is what relays export.
async fn compare(site: &Site, views: &[(String, View)], watchers: &[(String, View)], marked: u64) {
    let has_lost_data = site.has_lost_data;
    let all = views.iter().chain(watchers);
    let mut faults: Vec<_> = all.flat_map(|(name, view)| check::gaps(name, view, has_lost_data)).collect();
    let newcomers = &views[views.len() - RELAYS..];
    // After a loss, a relay may still have what Redis has lost.
    if !has_lost_data {
        faults.extend(newcomers.windows(2).flat_map(|pair| check::same(&pair[0], &pair[1], marked)));
    }
    faults
        .extend(newcomers.iter().zip(watchers).flat_map(|(newcomer, watcher)| check::same(newcomer, watcher, marked)));
    for (index, (_, watcher)) in watchers.iter().enumerate() {
        let answer = site.export(index).await;
        assert_eq!(answer.status, 200, "relay {index} exports");
        let document = Document::read(std::str::from_utf8(&answer.body).unwrap(), usize::MAX).unwrap();
        let exported = document.observations.into_iter().map(|observation| (observation.seq.0, observation));
        let exported: BTreeMap<u64, Observation> = exported.filter(|(number, _)| *number <= marked).collect();
        // A file has no names, as for those who only watch.
        let seen: BTreeMap<_, _> = watcher.log.range(..=marked).map(|(number, seen)| (*number, seen.clone())).collect();
        if let Some(number) = seen.keys().chain(exported.keys()).find(|number| seen.get(number) != exported.get(number))
        {
            faults.push(format!(
                "relay {index} exports {} observations and not {}; {number} is {:?} and not {:?}",
                exported.len(),
                seen.len(),
                exported.get(number),
                seen.get(number),
            ));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    let closed = |event: &Event| matches!(event, Event::Closed(_));
    assert!(newcomers[0].1.log.values().any(|observation| closed(&observation.event)), "the run did something");
}
