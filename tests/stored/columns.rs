//! A row with a column of every type, at its edges.

use std::collections::BTreeMap;
use std::sync::Arc;

use bigdecimal::BigDecimal;
use cache_core::{Codec, Value};
use cache_diesel::CachedModel;
use cache_diesel::prelude::*;
use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

// Only the key's column is looked at: no database is asked.
diesel::table! {
    rows (id) { id -> BigInt, }
}

/// `PartialEq` is that of the parts, so that rows with NaN are compared by their bytes.
#[derive(Cached, Clone, Debug, PartialEq)]
#[diesel(table_name = rows)]
pub(crate) struct Row {
    pub(crate) id: i64,
    pub(crate) small: i16,
    pub(crate) whole: i32,
    pub(crate) single: f32,
    pub(crate) double: f64,
    pub(crate) truth: bool,
    pub(crate) text: String,
    pub(crate) binary: Vec<u8>,
    pub(crate) note: Option<String>,
    pub(crate) blob: Option<Vec<u8>>,
    pub(crate) uuid: Uuid,
    pub(crate) decimal: BigDecimal,
    pub(crate) day: NaiveDate,
    pub(crate) time: NaiveTime,
    pub(crate) moment: NaiveDateTime,
    pub(crate) instant: DateTime<Utc>,
    pub(crate) zoned: DateTime<FixedOffset>,
    pub(crate) json: serde_json::Value,
    pub(crate) maybe_json: Option<serde_json::Value>,
    pub(crate) tags: Vec<Option<String>>,
    pub(crate) kind: Kind,
    pub(crate) place: (f64, BTreeMap<String, i32>),
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) enum Kind {
    Boxed(Box<Kind>),
    Named { name: String, size: Option<u64> },
    Plain,
}

pub(crate) fn least() -> Row {
    Row {
        id: i64::MIN,
        small: i16::MIN,
        whole: i32::MIN,
        single: f32::NEG_INFINITY,
        double: -0.0,
        truth: false,
        text: String::new(),
        binary: vec![],
        note: None,
        blob: None,
        uuid: Uuid::nil(),
        decimal: "-0.00000000000000000001".parse().unwrap(),
        day: NaiveDate::MIN,
        time: NaiveTime::MIN,
        moment: NaiveDate::MIN.and_time(NaiveTime::MIN),
        instant: DateTime::UNIX_EPOCH,
        zoned: "1883-11-18T12:03:57.000001-04:56".parse().unwrap(),
        json: json!(null),
        maybe_json: None,
        tags: vec![],
        kind: Kind::Plain,
        place: (f64::MIN_POSITIVE, BTreeMap::new()),
    }
}

pub(crate) fn greatest() -> Row {
    Row {
        id: i64::MAX,
        small: i16::MAX,
        whole: i32::MAX,
        single: f32::INFINITY,
        double: f64::MAX,
        truth: true,
        text: "ünï\u{0}코드🦀".to_owned(),
        binary: (0..=255).collect(),
        note: Some(String::new()),
        blob: Some(vec![]),
        uuid: Uuid::max(),
        decimal: "123456789012345678901234567890.1234567890".parse().unwrap(),
        day: NaiveDate::MAX,
        time: NaiveTime::from_hms_micro_opt(23, 59, 59, 1_999_999).unwrap(),
        moment: NaiveDate::MAX.and_hms_micro_opt(23, 59, 59, 999_999).unwrap(),
        instant: "9999-12-31T23:59:59.999999Z".parse().unwrap(),
        zoned: "2026-02-28T23:59:59.123456+14:00".parse().unwrap(),
        json: json!({"ünï": [null, true, -1, 18_446_744_073_709_551_615_u64, 0.1, {"": {}}]}),
        maybe_json: Some(json!(null)),
        tags: vec![Some(String::new()), None, Some("b".repeat(40))],
        kind: Kind::Boxed(Box::new(Kind::Named { name: "n".to_owned(), size: Some(u64::MAX) })),
        place: (f64::EPSILON, BTreeMap::from([("a".to_owned(), -1), ("b".to_owned(), 1)])),
    }
}

pub(crate) fn codec<M: CachedModel>() -> Codec {
    cache_diesel::__private::row_codec::<M>().expect("the model may leave the process")
}

pub(crate) fn bytes_of<M: CachedModel>(row: M) -> Vec<u8> {
    let mut bytes = Vec::new();
    codec::<M>().encode(&Value::Shared(Arc::new(row)), &mut bytes).unwrap();
    bytes
}

/// The row that the bytes stand for, if they do.
pub(crate) fn row_of<M: CachedModel>(bytes: &[u8]) -> Option<Arc<M>> {
    match codec::<M>().decode(bytes).ok()? {
        Value::Shared(row) => Some(row.downcast().expect("the codec is that of rows")),
        _ => None,
    }
}
