//! Reads files of scenarios. `docs/check.md` describes them.
//!
//! | module | what it reads |
//! |---|---|
//! | `connect` | how to connect, and the response to the handshake |
//! | `send`, `expect` | the two kinds of steps |
//! | `payload` | payloads as text, hex, base64 or a file |

mod connect;
mod expect;
mod payload;
mod send;

use crate::model::{
    Action, Connect, Located, MAX_FILE, MAX_SCENARIOS, MAX_STEPS, MAX_TIME, Scenario, Step, TIME, Unexpected, WITHIN,
};
use crate::template::Template;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::time::Duration;
use toml_fields::{Fields, Problem, Problems, Text, Toml};

/// Reads a file that a scenario names. An error is a sentence without a capital letter and full stop, and then what to do, in
/// whole sentences.
pub type ReadFile<'a> = dyn FnMut(&str) -> Result<Vec<u8>, (String, String)> + 'a;

/// Reads the scenarios of the file `name` with this `text`.
///
/// # Errors
/// Every problem of the file, in the order of its lines.
pub fn read(name: &str, text: &str, file: &mut ReadFile<'_>) -> Result<Vec<Scenario>, Vec<Problem>> {
    let problems = Problems::default();
    if text.len() > MAX_FILE {
        problems.add(
            name,
            None,
            format!("the file has {} bytes, but the limit is {MAX_FILE}", text.len()),
            "Split it into several files.",
        );
        return Err(problems.into_sorted().0);
    }
    let text = text.trim_start_matches('\u{FEFF}');
    let reader = Reader { file: RefCell::new(file) };
    let scenarios = Toml::new(name, 1, text, &problems).fields("this file").map(|fields| reader.scenarios(fields));
    let (problems, _) = problems.into_sorted();
    match scenarios {
        Some(scenarios) if problems.is_empty() => Ok(scenarios),
        _ => Err(problems),
    }
}

struct Reader<'a, 'b> {
    file: RefCell<&'a mut ReadFile<'b>>,
}

/// What applies to each step of a scenario unless it says otherwise.
#[derive(Clone, Copy)]
struct Defaults {
    within: Duration,
    unexpected: Unexpected,
    time: Duration,
}

impl Defaults {
    /// Those of `fields`, or else these.
    fn or(self, fields: &mut Fields<'_>) -> Self {
        Self {
            within: time(fields, "within").unwrap_or(self.within),
            unexpected: unexpected(fields).unwrap_or(self.unexpected),
            time: time(fields, "time").unwrap_or(self.time),
        }
    }
}

impl Reader<'_, '_> {
    fn scenarios(&self, mut fields: Fields<'_>) -> Vec<Scenario> {
        let defaults = Defaults { within: WITHIN, unexpected: Unexpected::default(), time: TIME };
        let defaults = defaults.or(&mut fields);
        let connect = fields.table("connect", "`connect`").map(|table| connect::connect(table, Connect::default()));
        let connect = connect.unwrap_or_default();
        let has_scenarios = fields.has("scenario");
        let tables = fields.tables("scenario", "this scenario");
        if !has_scenarios {
            fields.problem("the file has no scenario", "Add `[[scenario]]` with a `name` and `steps`.");
        }
        if tables.len() > MAX_SCENARIOS {
            fields.problem(
                format!("the file has {} scenarios, but the limit is {MAX_SCENARIOS}", tables.len()),
                "Split it into several files.",
            );
        }
        let mut names = BTreeSet::new();
        let scenarios =
            tables.into_iter().take(MAX_SCENARIOS).map(|table| self.scenario(table, &connect, defaults, &mut names));
        let scenarios = scenarios.collect();
        fields.finish();
        scenarios
    }

    fn scenario(
        &self,
        mut fields: Fields<'_>,
        connect: &Connect,
        defaults: Defaults,
        names: &mut BTreeSet<String>,
    ) -> Scenario {
        let line = fields.line();
        let name = fields.text("name");
        if name.value.chars().count() > 200 || name.value.chars().any(char::is_control) {
            fields.problem_at(
                name.line,
                "the name is longer than 200 characters or has control characters",
                "Use a short name.",
            );
        } else if !names.insert(name.value.clone()) {
            fields.problem_at(
                name.line,
                format!("another scenario of this file is also called `{}`", name.value),
                "Use another name.",
            );
        }
        let url = template(&mut fields, "url");
        let table = fields.table("connect", "`connect`");
        let connect = table.map_or_else(|| connect.clone(), |table| connect::connect(table, connect.clone()));
        let defaults = defaults.or(&mut fields);
        let table = fields.table("handshake", "`handshake`");
        let handshake = table.map(connect::handshake).unwrap_or_default();
        let tables = fields.tables("steps", "this step");
        if handshake.status != 101 && !tables.is_empty() {
            let what =
                format!("a handshake that is refused with status {} opens no connection for steps", handshake.status);
            fields.problem(what, "Remove `steps`, or `status`.");
        }
        if tables.len() > MAX_STEPS {
            fields.problem(
                format!("this scenario has {} steps, but the limit is {MAX_STEPS}", tables.len()),
                "Split it into several scenarios.",
            );
        }
        let steps = tables.into_iter().take(MAX_STEPS).filter_map(|table| self.step(table, defaults)).collect();
        fields.finish();
        Scenario { name: name.value, line, url, connect, handshake, steps, time: defaults.time }
    }

    fn step(&self, mut fields: Fields<'_>, defaults: Defaults) -> Option<Step> {
        let line = fields.line();
        let is_empty = !fields.has("send") && !fields.has("expect");
        let send = fields.table("send", "`send`");
        let expect = fields.table("expect", "`expect`");
        let action = match (send, expect) {
            (Some(send), None) => self.send(send).map(Action::Send),
            (None, Some(expect)) => self.expect(expect, defaults).map(Action::Expect),
            (Some(_), Some(_)) => {
                fields.problem("this step has `send` and `expect`", "Make two steps of them.");
                None
            }
            (None, None) => {
                if is_empty {
                    let fix = "Add one, such as `send.text = \"hello\"` or `expect.text = \"hello\"`.";
                    fields.problem("this step has neither `send` nor `expect`", fix);
                }
                None
            }
        };
        fields.finish();
        action.map(|action| Step { line, action })
    }
}

/// A time such as `250ms`, `5s` or `2m`.
fn time(fields: &mut Fields<'_>, key: &'static str) -> Option<Duration> {
    let text = fields.optional(key)?;
    let parsed = duration(&text.value).filter(|time| !time.is_zero() && *time <= MAX_TIME);
    if parsed.is_none() {
        let what = format!("`{key}` is `{}`, which is no time from 1ms to 10m", shortened(&text.value));
        fields.problem_at(text.line, what, "Write a whole number and ms, s or m, such as `250ms`, `5s` or `2m`.");
    }
    parsed
}

fn duration(text: &str) -> Option<Duration> {
    let units = [("ms", 1), ("s", 1000), ("m", 60_000)];
    let (number, unit) = units.into_iter().find_map(|(name, unit)| Some((text.strip_suffix(name)?, unit)))?;
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    let millis = number.parse::<u64>().ok().filter(|_| is_number)?.checked_mul(unit)?;
    Some(Duration::from_millis(millis))
}

fn unexpected(fields: &mut Fields<'_>) -> Option<Unexpected> {
    let text = fields.optional("unexpected")?;
    let known = [("ignore", Unexpected::Ignore), ("fail", Unexpected::Fail), ("fail-control", Unexpected::FailControl)];
    one_of(fields, "unexpected", &text, &known)
}

/// The value of one of these names.
fn one_of<T: Copy>(fields: &Fields<'_>, key: &str, text: &Text, known: &[(&'static str, T)]) -> Option<T> {
    let found = known.iter().find(|(name, _)| *name == text.value).map(|(_, value)| *value);
    if found.is_none() {
        let names: Vec<_> = known.iter().map(|(name, _)| *name).collect();
        let fix = toml_fields::did_you_mean(&text.value, names.iter().copied());
        let fix = fix.unwrap_or_else(|| format!("The known values are {}.", toml_fields::list_names(&names)));
        fields.problem_at(text.line, format!("`{key}` has the unknown value `{}`", shortened(&text.value)), fix);
    }
    found
}

/// A text with variables.
fn template(fields: &mut Fields<'_>, key: &'static str) -> Option<Located<Template>> {
    let text = fields.optional(key)?;
    as_template(fields, &text)
}

fn as_template(fields: &Fields<'_>, Text { value, line }: &Text) -> Option<Located<Template>> {
    match Template::parse(value) {
        Ok(value) => Some(Located { value, line: *line }),
        Err(error) => {
            fields.problem_at(*line, error.to_string(), "Write `${NAME}`, or `$${` if you mean these two characters.");
            None
        }
    }
}

fn shortened(text: &str) -> String {
    text.chars().take(40).collect()
}
