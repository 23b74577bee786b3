//! A network that a test can break: a TCP forwarder between relays and Redis.

use socket2::SockRef;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::task::AbortOnDropHandle;

/// What a direction carries at most while it is stalled, besides the buffers of the kernel.
const HELD: usize = 64 << 10;

#[derive(Clone, Copy)]
pub(crate) enum Direction {
    /// From those who connect to the line.
    ToUpstream,
    FromUpstream,
}

/// One network: whoever uses it connects to `address`. It ends with all of its connections when it is dropped. Its verbs take
/// effect for everything that has not been forwarded yet.
pub(crate) struct FaultLine {
    pub(crate) address: SocketAddr,
    state: watch::Sender<State>,
    _task: AbortOnDropHandle<()>,
}

#[derive(Clone, Copy)]
struct State {
    upstream: SocketAddr,
    /// New connections are reset.
    cut: bool,
    /// How often all connections were reset.
    resets: u64,
    stalled: [bool; 2],
}

impl FaultLine {
    /// A network on a loopback port that leads to this address.
    pub(crate) async fn to(upstream: SocketAddr) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = watch::Sender::new(State { upstream, cut: false, resets: 0, stalled: [false; 2] });
        let task = tokio::spawn(accept(listener, state.subscribe()));
        Self { address, state, _task: AbortOnDropHandle::new(task) }
    }

    /// New connections go there, as when a virtual address moves to another machine. `reset` ends the present ones.
    pub(crate) fn lead_to(&self, upstream: SocketAddr) {
        self.state.send_modify(|state| state.upstream = upstream);
    }

    /// Resets all connections. New ones work.
    pub(crate) fn reset(&self) {
        self.state.send_modify(|state| state.resets += 1);
    }

    /// Resets all connections, and new ones too, until `heal`.
    pub(crate) fn cut(&self) {
        self.state.send_modify(|state| (state.cut, state.resets) = (true, state.resets + 1));
    }

    /// Holds all bytes, and ends of connections, in this direction, until `heal`. New connections are accepted.
    pub(crate) fn stall(&self, direction: Direction) {
        self.state.send_modify(|state| state.stalled[direction as usize] = true);
    }

    /// Ends a cut and stalls. What was held is forwarded.
    pub(crate) fn heal(&self) {
        self.state.send_modify(|state| (state.cut, state.stalled) = (false, [false; 2]));
    }
}

async fn accept(listener: TcpListener, state: watch::Receiver<State>) {
    let mut connections = JoinSet::new();
    loop {
        let (client, _) = listener.accept().await.unwrap();
        connections.spawn(forward(client, state.clone()));
        while connections.try_join_next().is_some() {}
    }
}

async fn forward(mut client: TcpStream, state: watch::Receiver<State>) {
    let State { upstream, cut, resets, .. } = *state.borrow();
    end_with_reset(&client);
    if cut {
        return;
    }
    let both = async {
        let Ok(mut server) = TcpStream::connect(upstream).await else { return };
        end_with_reset(&server);
        let _ = (client.set_nodelay(true), server.set_nodelay(true));
        // These halves do not end the connection when they are dropped. So the drop of the sockets resets it.
        let ((from_client, to_client), (from_server, to_server)) = (client.split(), server.split());
        let _ = tokio::try_join!(
            pump(from_client, to_server, Direction::ToUpstream, state.clone()),
            pump(from_server, to_client, Direction::FromUpstream, state.clone())
        );
    };
    let mut watched = state.clone();
    tokio::select! {
        () = both => {}
        _ = watched.wait_for(|state| state.resets != resets) => {}
    }
}

/// A socket that is dropped resets its connection, if that has not ended in both directions.
fn end_with_reset(stream: &TcpStream) {
    SockRef::from(stream).set_linger(Some(Duration::ZERO)).unwrap();
}

/// Completes when this direction has ended, and fails when the connection has.
async fn pump(
    mut from: ReadHalf<'_>,
    mut to: WriteHalf<'_>,
    direction: Direction,
    mut state: watch::Receiver<State>,
) -> io::Result<()> {
    let mut bytes = vec![0; HELD];
    loop {
        let read = from.read(&mut bytes).await?;
        let gone = state.wait_for(|state| !state.stalled[direction as usize]).await.is_err();
        if gone || read == 0 {
            return to.shutdown().await;
        }
        to.write_all(&bytes[..read]).await?;
    }
}
