//! Performs the plan of a run on its socket, step by step.

use crate::lab::Lab;
use crate::lab::draft::hex;
use crate::net::lab_socket::Payload;
use curriculum::course::{Run, Send};
use leptos::leptos_dom::helpers::{TimeoutHandle, set_timeout_with_handle};
use leptos::prelude::*;
use observation::page::PageAct;
use std::rc::Rc;
use std::time::Duration;

/// The shortest time between the last message and `close()`, so that the page still receives the replies: after `close()`,
/// JavaScript gets no more messages. WebSockets Standard, §2.
const BEFORE_CLOSE: Duration = Duration::from_millis(400);

#[derive(Clone, Copy)]
struct Script {
    lab: Lab,
    run: StoredValue<Rc<Run>, LocalStorage>,
    next: StoredValue<Option<TimeoutHandle>, LocalStorage>,
    error: RwSignal<Option<String>>,
}

/// Performs `run` on `lab` as soon as its socket is open. If the browser refuses a step, `error` says why.
pub(super) fn play(lab: Lab, run: Run, error: RwSignal<Option<String>>) {
    let script = Script { lab, run: StoredValue::new_local(Rc::new(run)), next: StoredValue::new_local(None), error };
    lab.follow_script(move |act| match act {
        PageAct::Open { .. } => script.from(0),
        PageAct::Closed { .. } => script.stop(),
        _ => {}
    });
    on_cleanup(move || script.stop());
}

impl Script {
    /// Sends the messages from `index` on, then closes.
    fn from(self, index: usize) {
        let Some(run) = self.run.try_get_value() else { return };
        let apart = Duration::from_millis(run.apart_ms.into());
        if let Some(send) = run.send.get(index) {
            let payload = match send {
                Send::Text(text) => Payload::Text(text.as_str().into()),
                // The hex was checked before the run started.
                Send::Bytes(text) => Payload::Binary(hex(text).unwrap_or_default().into()),
            };
            if let Err(why) = self.lab.send(payload, None) {
                self.error.set(Some(why));
                return;
            }
        }
        if index + 1 < run.send.len() {
            if apart.is_zero() { self.from(index + 1) } else { self.later(apart, move || self.from(index + 1)) }
        } else if let Some(close) = run.close.clone() {
            self.later(apart.max(BEFORE_CLOSE), move || {
                self.error.set(self.lab.close(close.code, &close.reason).err());
            });
        }
    }

    fn later(self, after: Duration, act: impl FnOnce() + 'static) {
        let next = set_timeout_with_handle(act, after).ok();
        self.next.set_value(next);
    }

    fn stop(self) {
        if let Some(Some(next)) = self.next.try_update_value(Option::take) {
            next.clear();
        }
    }
}
