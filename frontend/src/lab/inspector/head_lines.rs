//! A request or response line by line, with an explanation of each header.

use crate::lab::explain::{self, deflate};
use leptos::prelude::*;
use observation::encoding::latin1::to_text;
use wire::handshake::connect;
use wire::handshake::head::HeaderLine;

/// Why asterisks replace a value.
const CONCEALED: &str = "A credential could be used by everyone who has this session’s link, so the relay records an asterisk for each of its bytes. \
     The real value crossed the wire.";

/// A header line and what it does.
pub struct Line {
    name: String,
    value: String,
    meaning: Option<&'static str>,
    /// The parts of a value: as written, and what each means.
    pieces: Vec<(String, String)>,
}

pub fn lines(bytes: &[u8], response: bool, meaning: &'static str, headers: &[HeaderLine]) -> Vec<Line> {
    let header = |line: &HeaderLine| Line::of(&bytes[line.name.clone()], &bytes[line.value.clone()], response);
    let end = bytes.iter().position(|&byte| byte == b'\r' || byte == b'\n').unwrap_or(bytes.len());
    let first = Line { name: String::new(), value: to_text(&bytes[..end]), meaning: Some(meaning), pieces: Vec::new() };
    std::iter::once(first).chain(headers.iter().map(header)).collect()
}

/// The fields of HTTP/2, which has no request line or status line.
pub fn fields(bytes: &[u8], response: bool) -> Vec<Line> {
    connect::fields(bytes).map(|(name, value)| Line::of(name, value, response)).collect()
}

impl Line {
    fn of(name: &[u8], value: &[u8], response: bool) -> Self {
        let (name, value) = (to_text(name), to_text(value));
        let meaning = explain::header(&name, &value);
        let of_extensions = name.eq_ignore_ascii_case("Sec-WebSocket-Extensions");
        let pieces = if of_extensions { deflate::extensions(&value, response) } else { Vec::new() };
        Self { name, value, meaning, pieces }
    }
}

/// Those of the `concealed` names that `text` has as headers or fields.
pub fn concealed_in(text: &[u8], concealed: &[String]) -> Vec<String> {
    let has = |name: &&String| connect::fields(text).any(|(other, _)| other.eq_ignore_ascii_case(name.as_bytes()));
    concealed.iter().filter(has).cloned().collect()
}

#[component]
pub fn HeadLines(
    lines: Option<Vec<Line>>,
    raw: String,
    /// The headers whose values are not recorded.
    concealed: Vec<String>,
    #[prop(optional)] refused: bool,
) -> impl IntoView {
    let is_concealed = |name: &str| concealed.iter().any(|other| other.eq_ignore_ascii_case(name));
    let lines_show = |name: &String| lines.iter().flatten().any(|line| line.name.eq_ignore_ascii_case(name));
    let elsewhere: Vec<_> = concealed.iter().filter(|name| !lines_show(name)).cloned().collect();
    let elsewhere = (!elsewhere.is_empty()).then(|| {
        let names = elsewhere.join(", ");
        view! { <p class="note concealed">{format!("Asterisks replace the value of {names}. {CONCEALED}")}</p> }
    });
    let Some(lines) = lines else {
        return view! {
            <pre class="text" tabindex="0">{raw}</pre>
            {elsewhere}
        }
        .into_any();
    };
    let line = |Line { name, value, meaning, pieces }: Line| {
        let websocket = name.to_ascii_lowercase().starts_with("sec-websocket")
            || name.eq_ignore_ascii_case("upgrade")
            || name == ":protocol"
            || name.eq_ignore_ascii_case("connection");
        let nameless = name.is_empty();
        let first = nameless || name == ":method" || name == ":status";
        let hidden = is_concealed(&name);
        view! {
            <div class:ws=websocket class:first=first>
                <dt>
                    {(!nameless).then(|| view! { <b>{name}</b> ": " })}
                    <span>{value}</span>
                </dt>
                {meaning.map(|words| view! { <dd>{words}</dd> })}
                {hidden.then(|| view! { <dd class="concealed"><b>"Concealed. "</b>{CONCEALED}</dd> })}
                {pieces
                    .into_iter()
                    .map(|(written, words)| view! { <dd class="piece"><code>{written}</code> " " {words}</dd> })
                    .collect_view()}
            </div>
        }
    };
    view! {
        <dl class="head" class:refused=refused>{lines.into_iter().map(line).collect_view()}</dl>
        {elsewhere}
    }
    .into_any()
}
