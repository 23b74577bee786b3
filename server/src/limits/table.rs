//! The addresses that were seen lately. The table is bounded: it forgets addresses that use nothing, those unseen for longest first.

use super::bucket::Bucket;
use super::client::Client;
use super::kinds::Rated;
use super::over_limit::OverLimit;
use super::places::NoPlace;
use crate::args::rate::PerTime;
use crate::args::{ClientLimits, Switch};
use crate::client::{ClientAddress, LimitKey};
use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How many addresses are new before the oldest are forgotten. Each takes about half a KiB.
const GENERATION: usize = 8192;
/// How many lines about reached limits the log gets. A flood must not fill a disk.
const LOGGED: PerTime = PerTime { amount: NonZeroU32::new(60).expect("not zero"), time: Duration::from_secs(60) };

/// What each client uses.
#[derive(Debug)]
pub(crate) struct Clients {
    limits: ClientLimits,
    /// A plain lock, held for a lookup, and for a scan once in `GENERATION` new addresses.
    table: Mutex<Table>,
    log_lines: Bucket,
}

/// Two generations: when the young one is full, it becomes the old one, and what nobody has asked for meanwhile is forgotten.
#[derive(Debug)]
struct Table {
    young: HashMap<LimitKey, Arc<Client>>,
    old: HashMap<LimitKey, Arc<Client>>,
    /// When the young generation is full.
    full: usize,
}

impl Clients {
    pub(crate) fn new(limits: ClientLimits) -> Self {
        let table = Table { young: HashMap::new(), old: HashMap::new(), full: GENERATION };
        Self { limits, table: Mutex::new(table), log_lines: Bucket::new(LOGGED) }
    }

    /// The client at that address. `None` if no limit applies to it.
    pub(crate) fn at(&self, address: ClientAddress) -> Option<Arc<Client>> {
        let exempt = address.ip.is_loopback() && self.limits.client_limits_on_loopback == Switch::Off;
        (!exempt).then(|| self.table().client(address.limit_key(), &self.limits))
    }

    /// Does one of `rated` for the client at that address, unless there were too many lately.
    pub(crate) fn spend(&self, address: ClientAddress, rated: Rated) -> Result<(), OverLimit> {
        self.at(address).map_or(Ok(()), |client| client.spend(rated)).inspect_err(|over| self.notice(over))
    }

    /// The most sessions that a client may have; `None` for no limit.
    pub(crate) fn most_sessions(&self, address: ClientAddress) -> Option<usize> {
        self.limits.client_sessions.0.filter(|_| self.at(address).is_some())
    }

    /// Tells the operator that a limit was reached, with a bounded number of lines.
    pub(crate) fn notice(&self, over: &OverLimit) {
        if self.log_lines.take_one().is_ok() {
            tracing::info!(client = %over.client(), limit = over.name(), "a client has reached a limit");
        }
    }

    /// The same if that is why there is no place.
    pub(crate) fn notice_none(&self, none: &NoPlace) {
        if let NoPlace::Client(over) = none {
            self.notice(over);
        }
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Table {
    fn client(&mut self, key: LimitKey, limits: &ClientLimits) -> Arc<Client> {
        if let Some(client) = self.young.get(&key) {
            return Arc::clone(client);
        }
        let client = self.old.remove(&key).unwrap_or_else(|| Arc::new(Client::new(key, limits)));
        if self.young.len() >= self.full {
            self.grow_old();
        }
        self.young.insert(key, Arc::clone(&client));
        client
    }

    fn grow_old(&mut self) {
        // A client that uses something stays, because its counts must.
        let is_used = |(_, client): &(LimitKey, Arc<Client>)| Arc::strong_count(client) > 1;
        let used: HashMap<_, _> = self.old.drain().filter(is_used).collect();
        self.full = GENERATION + used.len();
        self.old = std::mem::replace(&mut self.young, used);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::Config;
    use crate::limits::{Counted, Rated};
    use std::net::{Ipv4Addr, SocketAddr};

    fn clients(change: impl FnOnce(&mut ClientLimits)) -> Clients {
        let mut limits = Config::default().client;
        change(&mut limits);
        Clients::new(limits)
    }

    fn address(number: u32) -> ClientAddress {
        ClientAddress::of_socket(SocketAddr::from((Ipv4Addr::from(0x0A00_0000 + number), 9)))
    }

    #[tokio::test(start_paused = true)]
    async fn a_rate_allows_a_burst_and_then_its_pace() {
        let clients = clients(|limits| limits.client_exports = "3/m".parse().unwrap());
        let spend =
            |number| clients.at(address(number)).unwrap().spend(Rated::Exports).map_err(|over| over.retry_after());
        assert_eq!([spend(1), spend(1), spend(1), spend(1)], [Ok(()), Ok(()), Ok(()), Err(20)]);
        assert_eq!(spend(2), Ok(()), "another address");
        tokio::time::advance(Duration::from_secs(19)).await;
        assert_eq!(spend(1), Err(1));
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!([spend(1), spend(1)], [Ok(()), Err(20)]);
    }

    #[test]
    fn the_table_is_bounded_and_keeps_clients_that_use_something() {
        let clients = clients(|limits| limits.client_connections = "1".parse().unwrap());
        let _share = clients.at(address(0)).unwrap().enter(Counted::Connections).unwrap();
        for number in 1..100_000 {
            clients.at(address(number)).unwrap();
            let table = clients.table();
            assert!(table.young.len() + table.old.len() <= 2 * (GENERATION + 2));
        }
        assert!(clients.at(address(0)).unwrap().enter(Counted::Connections).is_err(), "its connection still counts");
    }

    #[test]
    fn a_share_is_given_back() {
        let clients = clients(|limits| limits.client_observers = "2".parse().unwrap());
        let client = clients.at(address(0)).unwrap();
        let shares = [client.enter(Counted::Observers).unwrap(), client.enter(Counted::Observers).unwrap()];
        let over = client.enter(Counted::Observers).unwrap_err().to_string();
        assert_eq!(
            over,
            "there are too many observers from your network address (10.0.0.0): the limit is 2 at once for everyone at that address; \
             try again in 10 seconds, or ask the operator of this relay to raise --client-observers"
        );
        drop(shares);
        client.enter(Counted::Observers).unwrap();
    }

    #[test]
    fn this_machine_has_no_limits_unless_asked_for() {
        let own = ClientAddress::of_socket("127.0.0.1:1".parse().unwrap());
        assert!(clients(|_| {}).at(own).is_none());
        assert!(clients(|limits| limits.client_limits_on_loopback = Switch::On).at(own).is_some());
    }
}
