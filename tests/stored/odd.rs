//! Types that serde treats in ways of their own: read as they were written, or refused, and never another value.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Debug;
use std::marker::PhantomData;
use std::net::{IpAddr, SocketAddr};
use std::num::{NonZeroI128, Wrapping};
use std::ops::{Bound, Range, RangeInclusive};
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use cache_core::{Encode, serial};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

fn again<T: Serialize + DeserializeOwned>(value: &T) -> Option<T> {
    let mut bytes = Vec::new();
    serial::write(value, &mut bytes).ok()?;
    let mut rest = &bytes[..];
    let read = serial::read(&mut rest).ok()?;
    assert!(rest.is_empty());
    Some(read)
}

#[track_caller]
fn assert_whole<T: Serialize + DeserializeOwned + Debug + PartialEq>(value: T) {
    assert_eq!(again(&value).as_ref(), Some(&value));
}

#[track_caller]
fn assert_not_another<T: Serialize + DeserializeOwned + Debug + PartialEq>(value: T) {
    if let Some(read) = again(&value) {
        assert_eq!(read, value);
    }
}

#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, PartialOrd, Ord, Serialize)]
struct Unit;

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
struct Empty {}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
struct Wrapper<T>(T);

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
struct NoTuple();

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
enum Every<T> {
    Unit,
    NoTuple(),
    NoStruct {},
    One(T),
    Two(T, T),
    Named { one: T, r#type: Option<T> },
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(untagged)]
enum Untagged {
    Whole(u64),
    Real(f64),
    Large(i128),
    Letter(char),
    Text(String),
    Pair(Option<i32>, Unit),
    Named { at: IpAddr },
    Map(BTreeMap<String, Untagged>),
    List(Vec<Untagged>),
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(tag = "kind")]
enum Tagged {
    Unit,
    Struct { large: u128, single: f32, bytes: Vec<u8>, maybe: Option<Unit> },
    Wrapped(Box<Flat>),
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(tag = "t", content = "c")]
enum Adjacent {
    Unit,
    Nothing(()),
    Maybe(Option<u8>),
    Two(Option<u8>, Unit),
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
struct Flat {
    id: i32,
    #[serde(flatten)]
    inner: Option<Inner>,
    #[serde(flatten)]
    rest: BTreeMap<String, Option<f32>>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
struct Inner {
    name: Option<String>,
    unit: Unit,
}

fn inner(name: Option<&str>) -> Inner {
    Inner { name: name.map(str::to_owned), unit: Unit }
}

#[test]
fn types_without_attributes_come_back_whole() {
    assert_whole(((), Unit, Empty {}, NoTuple(), PhantomData::<String>));
    assert_whole((Some(Unit), None::<Unit>, Some(Empty {}), Some(NoTuple()), Some(PhantomData::<()>)));
    assert_whole((Wrapper(None::<u8>), Wrapper(Unit), Wrapper(Wrapper(())), Wrapper(Some(Wrapper(1)))));
    for some in [Every::Unit, Every::NoTuple(), Every::NoStruct {}, Every::One(None), Every::Two(None, Some(1))] {
        assert_whole((Some(some.clone()), vec![some]));
    }
    assert_whole(Every::Named { one: (), r#type: None });
    assert_whole(Every::One(()));
    assert_whole::<[Result<Result<(), u8>, ()>; 3]>([Ok(Ok(())), Ok(Err(7)), Err(())]);
    assert_whole((1..2, 3..=4, Bound::Included(1), Bound::<i32>::Unbounded, Wrapping(255_u8)));
    assert_whole::<(Range<i64>, RangeInclusive<i8>)>((i64::MIN..i64::MAX, i8::MIN..=i8::MAX));
    assert_whole((NonZeroI128::MIN, u128::MAX, i128::MIN, u64::MAX, '\0', char::MAX));
    assert_whole((Duration::MAX, SystemTime::UNIX_EPOCH + Duration::from_nanos(1), PathBuf::from("/ü")));
    assert_whole::<(IpAddr, SocketAddr)>(("::1".parse().unwrap(), "1.2.3.4:5".parse().unwrap()));
    assert_whole(BTreeMap::from([(None, vec![Unit]), (Some((1_u8, 'a')), vec![])]));
    assert_whole(BTreeSet::from([Some(1), None]));
    assert_whole(HashMap::from([([0_u8; 32], Wrapper(vec![(); 3]))]));
    assert_whole((String::from_utf8(vec![0; 70_000]).unwrap(), vec![0_u16; 70_000]));
}

#[test]
fn floats_keep_their_bits() {
    for bits in [0_u64, 1 << 63, 0x7ff8_0000_0000_0001, 0xfff0_0000_0000_0001, 0x7ff0_0000_0000_0000, 1] {
        let read = again(&f64::from_bits(bits)).unwrap();
        assert_eq!(read.to_bits(), bits, "{bits:x}");
    }
    for bits in [0_u32, 1 << 31, 0x7fc0_0001, 0xff80_0001, 1] {
        assert_eq!(again(&f32::from_bits(bits)).unwrap().to_bits(), bits, "{bits:x}");
    }
}

#[test]
fn types_with_attributes_come_back_whole_or_not_at_all() {
    let untagged = [
        Untagged::Whole(u64::MAX),
        Untagged::Real(1.0),
        Untagged::Large(-1),
        Untagged::Large(i128::MIN),
        Untagged::Letter('x'),
        Untagged::Text("xy".to_owned()),
        Untagged::Pair(None, Unit),
        Untagged::Named { at: "::1".parse().unwrap() },
        Untagged::Map(BTreeMap::from([("a".to_owned(), Untagged::Whole(1))])),
        Untagged::List(vec![]),
    ];
    untagged.into_iter().for_each(assert_not_another);
    let flat =
        |inner| Flat { id: 1, inner, rest: BTreeMap::from([("x".to_owned(), Some(0.1)), ("y".to_owned(), None)]) };
    [flat(None), flat(Some(inner(None))), flat(Some(inner(Some("name"))))].into_iter().for_each(assert_not_another);
    assert_not_another(Tagged::Unit);
    assert_not_another(Tagged::Struct { large: u128::MAX, single: 0.1, bytes: vec![255], maybe: Some(Unit) });
    assert_not_another(Tagged::Wrapped(Box::new(flat(None))));
    assert_not_another(Tagged::Wrapped(Box::new(flat(Some(inner(Some("")))))));
    for adjacent in [Adjacent::Unit, Adjacent::Nothing(()), Adjacent::Maybe(None), Adjacent::Two(None, Unit)] {
        assert_not_another(adjacent);
    }
}

#[test]
fn lengths_of_lists_are_not_believed() {
    let mut huge = Vec::new();
    (1_u64 << 60).encode(&mut huge).unwrap();
    huge.extend([0; 11]);
    assert!(<Vec<u64> as Encode>::decode(&mut &huge[..]).is_err());
    assert!(<Vec<bool> as Encode>::decode(&mut &huge[..]).is_err());
    assert!(<Vec<Vec<i64>> as Encode>::decode(&mut &huge[..]).is_err());
    // Elements without bytes: as many as are announced, without end.
    assert!(<Vec<()> as Encode>::decode(&mut &huge[..9]).is_err());
}
