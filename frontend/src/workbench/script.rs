//! Makes a server of a recorded one: a script of the session, which the lab follows.

use crate::address::settings::Settings;
use crate::address::setup::{Destination, Setup};
use crate::address::target;
use crate::lab::Lab;
use crate::lab::inspector::tools::Tools;
use crate::net::api;
use crate::ui::copy_button::CopyButton;
use crate::ui::format;
use leptos::prelude::*;
use leptos::task::spawn_local;
use observation::{Party, SessionId};
use replay::Conversation;
use replay::script::{Scripted, script};

#[derive(Clone, PartialEq, Eq)]
enum State {
    Made,
    Sending,
    /// The relay has it.
    Set(SessionId),
    Refused(String),
}

#[component]
pub(super) fn ServerScript(conversation: Conversation) -> impl IntoView {
    let lab = expect_context::<Lab>();
    let tools = expect_context::<Tools>();
    let Scripted { script, left_out, shortened } = script(&conversation);
    let answers = conversation.from(Party::Server).count() as u64;
    let json = StoredValue::new(serde_json::to_string_pretty(&script).unwrap_or_default());
    let state = RwSignal::new(State::Made);
    let lacks = [
        (left_out, "do not fit into a script and are left out"),
        (shortened, "are shorter than they were: the recording has only the beginning"),
    ];
    let lacks = lacks.into_iter().filter(|(count, _)| *count > 0);
    let lacks = lacks.map(|(count, what)| {
        view! { <p class="note">{format!("{} {what}.", format::plural(count as u64, "message"))}</p> }
    });
    let own = lab.session_id().filter(|id| !id.is_watch_only());
    let url = tools.fields.map(|fields| fields.url).filter(|_| own.is_some());
    let set = move |_| {
        if state.get_untracked() == State::Sending {
            return;
        }
        state.set(State::Sending);
        let own = lab.session_id().filter(|id| !id.is_watch_only());
        spawn_local(async move {
            let answer = set(own, json.get_value()).await;
            if let (Ok(id), Some(url)) = (&answer, url) {
                url.set(scripted().url(id));
            }
            // The sheet may be closed.
            let _ = state.try_set(answer.map_or_else(State::Refused, State::Set));
        });
    };
    let is_own = own.is_some();
    let outcome = move || match state.get() {
        State::Made => ().into_any(),
        State::Sending => "The relay is asked to follow the script…".into_any(),
        State::Refused(why) => view! { <span class="error">{why}</span> }.into_any(),
        State::Set(id) => {
            let address = scripted().url(&id);
            let next = match (is_own, url) {
                (true, Some(_)) => "The connect bar has its URL: close this panel and connect.".into_any(),
                (true, None) => "Connect a client to it.".into_any(),
                (false, _) => {
                    let fragment = scripted().fragment().unwrap_or_default();
                    let href = format!("{}{fragment}", target::session_url(&id));
                    view! { <a href=href rel="external">"Open its playground"</a> }.into_any()
                }
            };
            view! {
                <span>"The server is ready at " <code>{address.clone()}</code> ". " {next}</span>
                <CopyButton text=Signal::stored(address) words="Copy the URL"/>
            }
            .into_any()
        }
    };
    view! {
        <div class="sheet-body">
            <p>
                {format!(
                    "The relay can play the server of this connection: it waits for each message of the client, and then sends \
                     what the server sent after it, with the same pauses. The script has {}.",
                    format::plural(answers, "answer"),
                )}
            </p>
            {lacks.collect_view()}
            <div class="script-acts">
                <button type="button" class="primary" on:click=set>
                    {if is_own { "Use it in this session" } else { "Use it in a new session" }}
                </button>
                <CopyButton text=Signal::stored(json.get_value()) words="Copy the script"/>
            </div>
            <p class="note script-outcome" aria-live="polite">
                {outcome}
            </p>
            <pre class="snippet" tabindex="0" aria-label="The script">
                <code>{json.get_value()}</code>
            </pre>
        </div>
    }
}

/// The lab with the script of its session.
fn scripted() -> Setup {
    let mut settings = Settings::default().with_compression(false);
    settings.set("script", "session");
    Setup { destination: Destination::Lab(settings), ..Setup::default() }
}

/// Sets the script of a session, or of a new one.
async fn set(own: Option<SessionId>, json: String) -> Result<SessionId, String> {
    let id = match own {
        Some(id) => id,
        None => api::create_session().await.map_err(|error| error.words("The new session"))?,
    };
    match api::put(&format!("/api/sessions/{id}/script"), &json).await {
        Ok((204, _)) => Ok(id),
        Ok((status, body)) => Err(format!("The relay refused the script: {}", api::words_of(status, &body))),
        Err(error) => Err(error.words("The answer")),
    }
}
