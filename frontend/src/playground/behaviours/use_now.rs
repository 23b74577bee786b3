//! Applies the settings to the open connection.

use crate::address::catalogue::Catalogue;
use crate::lab::Lab;
use crate::lab::store::ReadyState;
use crate::lab::store::commands::Fate;
use crate::playground::connect_form::ConnectForm;
use leptos::prelude::*;
use observation::Command;

#[component]
pub fn UseNow() -> impl IntoView {
    let lab = expect_context::<Lab>();
    let form = expect_context::<ConnectForm>();
    // The open connection, if the relay watches it.
    let connection = Memo::new(move |_| {
        let socket = lab.socket.with(|socket| {
            let socket = socket.as_ref().filter(|socket| socket.ready == ReadyState::Open)?;
            Some(socket.number)
        })?;
        lab.record.with(|record| record.in_lab(socket))
    });
    let what = move |catalogue: &Catalogue| catalogue.while_open(&form.settings());
    // The last command from here.
    let sent = RwSignal::new(None::<(String, Vec<String>)>);
    let press = move |_| {
        let (Some(connection), Some(catalogue)) =
            (connection.get_untracked(), form.catalogue.get_untracked().ready().cloned())
        else {
            return;
        };
        let (settings, left_out) = untrack(|| what(&catalogue));
        let query = settings.to_string();
        lab.command(connection, Command::Behave(query.clone()));
        sent.set(Some((query, left_out)));
    };
    let outcome = move || {
        let (query, left_out) = sent.get()?;
        let fate = lab.commands.with(|commands| commands.last("behave").map(|asked| asked.fate.clone()))?;
        Some(match fate {
            Fate::Waiting => "Sent to the relay…".into_any(),
            Fate::Refused(why) => {
                view! { <span class="error">{format!("Refused: {}.", why.replace('`', ""))}</span> }.into_any()
            }
            Fate::Done => {
                let query = if query.is_empty() { "a plain echo".to_owned() } else { query };
                let rest =
                    (!left_out.is_empty()).then(|| format!(". Only for a new connection: {}", left_out.join(", ")));
                view! { "The open connection now uses " <code>{query}</code> {rest} "." }.into_any()
            }
        })
    };
    view! {
        <p class="use-now-said" role="status">
            {outcome}
        </p>
        <Show when=move || connection.get().is_some() && form.catalogue.with(|catalogue| catalogue.ready().is_some())>
            <button type="button" class="small" on:click=press>
                "Apply to the open connection"
            </button>
        </Show>
    }
}
