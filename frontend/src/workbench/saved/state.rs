//! What is saved, as the views read it. Every change goes to the browser's storage.

use super::browser_store::{BrowserStore, Key};
use super::collection::{File, MAX_ITEMS, MAX_VARIABLES};
use super::item::Item;
use super::random;
use super::variable::{Variable, filled};
use leptos::prelude::*;
use leptos::task::spawn_local;
use std::rc::Rc;

#[derive(Clone, Copy)]
pub(super) struct Saved {
    /// Sorted by folder and name.
    pub(super) items: RwSignal<Vec<(Key, Item)>>,
    /// Sorted by name.
    pub(super) variables: RwSignal<Vec<Variable>>,
    pub(super) error: RwSignal<Option<String>>,
    store: StoredValue<Option<Rc<BrowserStore>>, LocalStorage>,
}

impl Saved {
    pub(super) fn load() -> Self {
        let (items, variables) = (RwSignal::new(Vec::new()), RwSignal::new(Vec::new()));
        let saved = Self { items, variables, error: RwSignal::new(None), store: StoredValue::new_local(None) };
        spawn_local(async move {
            let loaded = match BrowserStore::open().await {
                Ok(store) => store.all().await.map(|all| (store, all)),
                Err(why) => Err(why),
            };
            match loaded {
                Ok((store, (items, variables))) => {
                    saved.store.set_value(Some(Rc::new(store)));
                    saved.show(items, variables);
                }
                // The sheet may be closed.
                Err(why) => drop(saved.error.try_set(Some(why))),
            }
        });
        saved
    }

    /// Saves an item. One with the same name, folder and kind is replaced.
    ///
    /// # Errors
    /// Why it cannot be saved, as a sentence.
    pub(super) fn put(self, item: Item) -> Result<(), String> {
        item.check()?;
        let key = self.items.with_untracked(|items| {
            let kind = std::mem::discriminant(&item.what);
            let is_it = |known: &Item| {
                (&known.name, &known.folder) == (&item.name, &item.folder)
                    && kind == std::mem::discriminant(&known.what)
            };
            match items.iter().find(|(_, known)| is_it(known)) {
                Some((key, _)) => Ok(key.clone()),
                None if items.len() >= MAX_ITEMS => {
                    Err(format!("At most {MAX_ITEMS} items can be saved. Delete some that you no longer need."))
                }
                None => Ok(random::name::<12>()),
            }
        })?;
        self.items.update(|items| {
            items.retain(|(known, _)| *known != key);
            items.push((key.clone(), item.clone()));
            sort(items);
        });
        self.write(async move |store| store.put_item(&key, &item).await);
        Ok(())
    }

    pub(super) fn remove(self, key: Key) {
        self.items.update(|items| items.retain(|(known, _)| *known != key));
        self.write(async move |store| store.remove_item(&key).await);
    }

    /// Saves a variable, also in the place of one with its name.
    ///
    /// # Errors
    /// Why it cannot be saved, as a sentence.
    pub(super) fn put_variable(self, variable: Variable) -> Result<(), String> {
        variable.check()?;
        let is_full = self.variables.with_untracked(|variables| {
            variables.len() >= MAX_VARIABLES && variables.iter().all(|known| known.name != variable.name)
        });
        if is_full {
            return Err(format!(
                "At most {MAX_VARIABLES} variables can be saved. Delete some that you no longer need."
            ));
        }
        self.variables.update(|variables| {
            variables.retain(|known| known.name != variable.name);
            variables.push(variable.clone());
            variables.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        });
        self.write(async move |store| store.put_variable(&variable).await);
        Ok(())
    }

    pub(super) fn remove_variable(self, name: String) {
        self.variables.update(|variables| variables.retain(|known| known.name != name));
        self.write(async move |store| store.remove_variable(&name).await);
    }

    /// Adds what a file has. A secret without a value keeps the one that it has here.
    ///
    /// # Errors
    /// Why the rest was not added, as a sentence.
    pub(super) fn add(self, file: File) -> Result<(), String> {
        for item in file.items {
            self.put(item)?;
        }
        for variable in file.variables {
            let known = self.variables.with_untracked(|all| all.iter().any(|known| known.name == variable.name));
            if !(variable.secret && variable.value.is_empty() && known) {
                self.put_variable(variable)?;
            }
        }
        Ok(())
    }

    /// The text with the values of its variables.
    ///
    /// # Errors
    /// Which variable has no value, as a sentence.
    pub(super) fn fill(self, text: &str) -> Result<String, String> {
        self.fill_escaped(text, str::to_owned)
    }

    /// The same with each value escaped.
    pub(super) fn fill_escaped(self, text: &str, escape: fn(&str) -> String) -> Result<String, String> {
        let value = |name: &str| match name {
            "now" => js_sys::Date::new_0().to_iso_string().as_string(),
            "uuid" => Some(random::uuid()),
            name => self.variables.with_untracked(|all| {
                let found = all.iter().find(|variable| variable.name == name && !variable.value.is_empty());
                found.map(|variable| variable.value.clone())
            }),
        };
        filled(text, |name| value(name).map(|value| escape(&value)))
            .map_err(|name| format!("{{{{{name}}}}} has no value. Set it in the tab Variables, or remove it."))
    }

    fn show(self, mut items: Vec<(Key, Item)>, variables: Vec<Variable>) {
        sort(&mut items);
        // The sheet may be closed.
        let _ = self.items.try_set(items);
        let _ = self.variables.try_set(variables);
    }

    fn write(self, act: impl AsyncFnOnce(Rc<BrowserStore>) -> Result<(), String> + 'static) {
        let Some(store) = self.store.get_value() else { return };
        spawn_local(async move {
            let outcome = act(store).await;
            // The sheet may be closed.
            let _ = self.error.try_set(outcome.err());
        });
    }
}

fn sort(items: &mut [(Key, Item)]) {
    items.sort_by(|(_, a), (_, b)| (&a.folder, &a.name).cmp(&(&b.folder, &b.name)));
}
