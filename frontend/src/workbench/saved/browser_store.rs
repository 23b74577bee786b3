//! What is saved, in the browser's IndexedDB. Each item and each variable is a record of its own, so that two tabs do not overwrite each
//! other's.

use super::item::Item;
use super::variable::Variable;
use idb::builder::{DatabaseBuilder, ObjectStoreBuilder};
use idb::{Database, Error, ObjectStore, Transaction, TransactionMode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use wasm_bindgen::JsValue;

const NAME: &str = "framescope-saved";
const ITEMS: &str = "items";
const VARIABLES: &str = "variables";

/// The key of an item, which is random.
pub(super) type Key = String;

pub(super) struct BrowserStore(Database);

impl BrowserStore {
    /// # Errors
    /// Why the browser stores nothing, as a sentence.
    pub(super) async fn open() -> Result<Self, String> {
        let store = |name| ObjectStoreBuilder::new(name);
        let database = DatabaseBuilder::new(NAME).version(1);
        let database = database.add_object_store(store(ITEMS)).add_object_store(store(VARIABLES));
        database.build().await.map(Self).map_err(words)
    }

    /// All items by key, and all variables. Records that this page cannot read are left alone.
    pub(super) async fn all(&self) -> Result<(Vec<(Key, Item)>, Vec<Variable>), String> {
        let items = self.read(ITEMS).await.map_err(words)?;
        let variables = self.read(VARIABLES).await.map_err(words)?;
        Ok((items, variables.into_iter().map(|(_, variable)| variable).collect()))
    }

    pub(super) async fn put_item(&self, key: &str, item: &Item) -> Result<(), String> {
        self.put(ITEMS, key, item).await.map_err(words)
    }

    pub(super) async fn put_variable(&self, variable: &Variable) -> Result<(), String> {
        self.put(VARIABLES, &variable.name, variable).await.map_err(words)
    }

    pub(super) async fn remove_item(&self, key: &str) -> Result<(), String> {
        self.delete(ITEMS, key).await.map_err(words)
    }

    pub(super) async fn remove_variable(&self, name: &str) -> Result<(), String> {
        self.delete(VARIABLES, name).await.map_err(words)
    }

    async fn read<T: DeserializeOwned>(&self, store: &str) -> Result<Vec<(Key, T)>, Error> {
        let (_, records) = self.records(store, TransactionMode::ReadOnly)?;
        // Both requests are made before the first wait, which could end the transaction.
        let (keys, values) = (records.get_all_keys(None, None)?, records.get_all(None, None)?);
        let (keys, values) = (keys.await?, values.await?);
        let record = |(key, value): (JsValue, JsValue)| {
            Some((key.as_string()?, serde_json::from_str(&value.as_string()?).ok()?))
        };
        Ok(keys.into_iter().zip(values).filter_map(record).collect())
    }

    async fn put<T: Serialize>(&self, store: &str, key: &str, value: &T) -> Result<(), Error> {
        let (transaction, records) = self.records(store, TransactionMode::ReadWrite)?;
        // Plain data always becomes JSON.
        let json = serde_json::to_string(value).unwrap_or_default();
        records.put(&json.into(), Some(&key.into()))?.await?;
        transaction.await.map(drop)
    }

    async fn delete(&self, store: &str, key: &str) -> Result<(), Error> {
        let (transaction, records) = self.records(store, TransactionMode::ReadWrite)?;
        records.delete(JsValue::from(key))?.await?;
        transaction.await.map(drop)
    }

    /// The store in a transaction of its own.
    fn records(&self, store: &str, mode: TransactionMode) -> Result<(Transaction, ObjectStore), Error> {
        let transaction = self.0.transaction(&[store], mode)?;
        let records = transaction.object_store(store)?;
        Ok((transaction, records))
    }
}

fn words(error: Error) -> String {
    format!("The browser did not save it: {error}. Private windows and full disks save nothing.")
}
