//! A run: its own session, created on demand and released with the view, and the lab view of it.

use super::aim::{aim, parts};
use super::playground_link::PlaygroundLink;
use super::script::play;
use crate::address::route::{Listener, Route, Through, Via, page_is_secure};
use crate::address::settings::Settings;
use crate::course::reading::routes;
use crate::lab::inspector::{ChosenPart, Inspector};
use crate::lab::lifecycle::Lifecycle;
use crate::lab::sequence::SequenceView;
use crate::lab::store::ConnectError;
use crate::lab::store::connect;
use crate::lab::{Lab, Session, Trouble};
use crate::site;
use crate::ui::scope::Scope;
use curriculum::course::{Run, Scheme, Show};
use leptos::html;
use leptos::prelude::*;
use leptos::task::spawn_local;
use observation::SessionId;
use wasm_bindgen::JsCast;

/// The session that a run needs before it starts.
#[derive(Clone, Debug)]
pub(in crate::course) enum RunSession {
    Loading,
    Ready(SessionId, Listener),
    /// Why there is no session, in sentences.
    Failed(String),
}

impl RunSession {
    /// Requests a session and the address for `scheme`.
    pub(in crate::course) fn request(scheme: Scheme) -> RwSignal<Self> {
        let session = RwSignal::new(Self::Loading);
        spawn_local(async move {
            // The reader may have left the lesson.
            let _ = session.try_set(prepare(scheme).await.map_or_else(Self::Failed, |(id, at)| Self::Ready(id, at)));
        });
        session
    }

    /// Draws the run once there is a session; until then, the progress or the problem.
    pub(in crate::course) fn draw(self, run: impl FnOnce(SessionId, Listener) -> AnyView) -> AnyView {
        match self {
            Self::Loading => view! { <p class="note run-loading" role="status">"Starting a session…"</p> }.into_any(),
            Self::Failed(why) => view! { <p class="card bad" role="alert">{why}</p> }.into_any(),
            Self::Ready(id, listener) => run(id, listener),
        }
    }
}

const NO_TLS: &str = "This relay does not offer TLS, so wss does not work. Start it with --tls-listen 127.0.0.1:8443 \
                      --tls-self-signed, and reload the page.";

const NO_PLAIN: &str = "This site is reached over https only, so ws does not work here. Run Framescope on your own machine to \
                        try it.";

async fn prepare(scheme: Scheme) -> Result<(SessionId, Listener), String> {
    let secure = match scheme {
        Scheme::Page => page_is_secure(),
        Scheme::Ws => false,
        Scheme::Wss => true,
    };
    let listener = if secure == page_is_secure() {
        Listener::here()
    } else {
        let routes = routes().await.map_err(|error| error.words("The list of routes"))?;
        Listener::of_scheme(secure, &routes).ok_or(if secure { NO_TLS } else { NO_PLAIN })?
    };
    let id = crate::net::api::create_session().await.map_err(|error| error.words("The session"))?;
    Ok((id, listener))
}

#[component]
pub(super) fn RunColumn(
    run: Run,
    name: String,
    show: Show,
    /// Called with the run's lab when the browser starts to connect.
    ran: Callback<Lab>,
) -> impl IntoView {
    let session = RunSession::request(run.scheme);
    move || {
        session
            .get()
            .draw(|id, listener| view! { <RunView id listener run=run.clone() name=name.clone() show ran/> }.into_any())
    }
}

#[component]
fn RunView(id: SessionId, listener: Listener, run: Run, name: String, show: Show, ran: Callback<Lab>) -> impl IntoView {
    let lab = Lab::new(Some(id.clone()));
    let error = RwSignal::new(None::<String>);
    let through = run.via.as_deref().map_or(Through::Direct, |via| Through::Middlebox(Via::of_segment(via)));
    let url = Route { listener: listener.clone(), through }.url(&id, &Settings::of_query(&run.query));
    lab.aim_at(aim(show));
    play(lab, run.clone(), error);
    match connect(lab, &url, &run.subprotocols.join(", ")) {
        Ok(()) => ran.run(lab),
        Err(ConnectError::Url(why) | ConnectError::Subprotocols(why)) => error.set(Some(why)),
    }
    let playground_link = view! { <PlaygroundLink run listener=listener.clone()/> };
    let certificate_hint = (listener.secure && !page_is_secure()).then_some(CertificateHint { listener });
    let (of_frame, of_handshake) = parts(show);
    provide_context(ChosenPart::showing(of_frame, of_handshake));
    view! {
        {move || error.get().map(|why| view! { <p class="card bad" role="alert">{why}</p> })}
        <LabView lab name show/>
        {move || certificate_hint.clone().filter(|_| lab.socket.with(|socket| socket.as_ref().is_some_and(|it| it.closed.as_ref().is_some_and(|(code, ..)| *code == 1006)))).map(CertificateHint::view)}
        {playground_link}
    }
}

/// What to do if the browser does not trust the relay's self-signed certificate.
#[derive(Clone)]
struct CertificateHint {
    listener: Listener,
}

impl CertificateHint {
    fn view(self) -> AnyView {
        let address = format!("{}{}", self.listener.to_string().replacen("wss:", "https:", 1), site::path("/"));
        let text = address.clone();
        view! {
            <p class="card">
                <b>"If nothing reached the relay"</b>
                <span>
                    "your browser may not trust the relay’s self-signed certificate. Open "
                    <a href=address target="_blank" rel="noopener">{text}</a> " once, accept the certificate, and run again."
                </span>
            </p>
        }
        .into_any()
    }
}

/// The playground's view of a session, inside a text.
#[component]
pub(in crate::course) fn LabView(lab: Lab, name: String, show: Show) -> impl IntoView {
    provide_context(lab);
    provide_context(Scope::another(name));
    lab.inspecting.set(!matches!(show, Show::Sequence | Show::Lifecycle));
    let some = Memo::new(move |_| lab.record.with(|record| !record.sequence.is_empty()));
    let root = NodeRef::<html::Div>::new();
    if show == Show::Unmasking {
        scroll_to_mask(lab, root);
    }
    view! {
        <div
            class="run-view"
            class:tall=matches!(show, Show::Sequence | Show::Lifecycle)
            class:inspecting-here=move || lab.inspecting.get()
            node_ref=root
        >
            <Lifecycle/>
            <FeedProblem lab/>
            <Show when=move || some.get() fallback=|| view! { <div class="panel sequence"></div> }>
                <SequenceView/>
            </Show>
            <Inspector/>
        </div>
    }
}

/// Why no new observations arrive.
#[component]
pub(in crate::course) fn FeedProblem(lab: Lab) -> impl IntoView {
    let words = move || match (lab.trouble(), lab.session.get()) {
        (Some(Trouble::Lost), _) if lab.is_shared() => {
            Some("The connection to the relay is lost. The page continues on another relay.".to_owned())
        }
        (Some(Trouble::Lost), _) => Some(
            "The connection to the relay is lost, so nothing new appears. The page keeps trying to reconnect."
                .to_owned(),
        ),
        (Some(Trouble::Expired), _) => Some("This session has ended. Run it again.".to_owned()),
        (Some(Trouble::Unreadable(_)), _) => {
            Some("The page cannot read the relay’s messages. Reload the page.".to_owned())
        }
        (Some(Trouble::Draining), _) => {
            let then = if lab.is_shared() {
                "the page continues on another relay."
            } else {
                "the page reconnects when the relay is back."
            };
            Some(format!("This relay is about to restart. Your connections will end; {then}"))
        }
        (Some(Trouble::Interrupted), _) => Some(format!("Recording is interrupted. {}", Trouble::MEANWHILE)),
        (None, Session::Failed(_)) => Some("The relay did not create a session. Run it again.".to_owned()),
        (None, _) => None,
    };
    move || words().map(|why| view! { <p class="card bad" role="alert">{why}</p> })
}

/// Scrolls the inspector to the unmasking of the chosen frame.
fn scroll_to_mask(lab: Lab, root: NodeRef<html::Div>) {
    Effect::new(move || {
        lab.selected.track();
        // After the frame is in the document.
        set_timeout(
            move || {
                let Some(root) = root.try_get_untracked().flatten() else { return };
                let (Ok(Some(mask)), Ok(Some(panel))) =
                    (root.query_selector(".xor"), root.query_selector(".inspector"))
                else {
                    return;
                };
                // The offset is relative to the panel.
                if let Some(mask) = mask.dyn_ref::<web_sys::HtmlElement>() {
                    panel.set_scroll_top(mask.offset_top() - 100);
                }
            },
            std::time::Duration::from_millis(100),
        );
    });
}
