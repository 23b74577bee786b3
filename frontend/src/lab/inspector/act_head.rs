//! What a rule, or an observer, changed in an opening handshake: the head as it was, and as it became.

use super::act_waiting::Waiting;
use leptos::prelude::*;
use observation::encoding::latin1::to_text;
use observation::{InterceptedHandshake, Seq};

#[component]
pub(super) fn HeadBeforeAndAfter(handshake: InterceptedHandshake, seq: Seq) -> impl IntoView {
    let InterceptedHandshake { before, after, until_us, held, concealed, .. } = handshake;
    let (before, after) = (lines(&before), lines(&after));
    let waiting = held
        .filter(|_| until_us.is_some())
        .map(|number| view! { <Waiting number seq decide="Edit, forward or refuse it"/> });
    let nothing = match (after.is_empty(), until_us) {
        (true, Some(_)) => "When the relay recorded this, nothing had gone on yet.",
        (true, None) => "Nothing went on.",
        (false, _) => "",
    };
    let was = marked(&before, &after);
    let became = (!after.is_empty()).then(|| marked(&after, &before));
    let concealed = (!concealed.is_empty()).then(|| {
        let words =
            format!("Asterisks replace the values of {}, which the relay does not record.", concealed.join(", "));
        view! { <p class="note">{words}</p> }
    });
    view! {
        {waiting}
        <div class="before-after">
            <section>
                <h3>"What it was"</h3>
                {was}
            </section>
            <section>
                <h3>"What it became"</h3>
                {(!nothing.is_empty()).then(|| view! { <p class="note">{nothing}</p> })}
                {became}
            </section>
        </div>
        {concealed}
    }
}

fn lines(head: &[u8]) -> Vec<String> {
    to_text(head).lines().filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

/// The lines of a head. Those that the other head does not have are marked, if there is one.
fn marked(lines: &[String], other: &[String]) -> impl IntoView + use<> {
    let line = |line: &String| {
        let text = format!("{line}\n");
        if other.is_empty() || other.contains(line) {
            view! { {text} }.into_any()
        } else {
            view! { <mark>{text}</mark> }.into_any()
        }
    };
    let lines = lines.iter().map(line).collect_view();
    view! { <pre class="content" tabindex="0">{lines}</pre> }
}
