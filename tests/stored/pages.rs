//! The bytes of pages: the parts of their models in order, and what is made of bytes that are no page.

use std::sync::Arc;

use cache_diesel::__private::Part;
use cache_diesel::prelude::*;
use diesel::prelude::*;

diesel::table! { makers (id) { id -> Integer, name -> Text, } }
diesel::table! { goods (id) { id -> Integer, maker_id -> Integer, packer_id -> Nullable<Integer>, } }
diesel::table! { packers (id) { id -> Integer, } }
diesel::table! { reviews (id) { id -> Integer, good_id -> Integer, maker_id -> Integer, } }
diesel::table! { links (good_id, maker_id) { good_id -> Integer, maker_id -> Integer, } }

diesel::joinable!(goods -> makers (maker_id));
diesel::joinable!(goods -> packers (packer_id));
diesel::joinable!(links -> makers (maker_id));
diesel::allow_tables_to_appear_in_same_query!(goods, links, makers, packers);

#[derive(Cached, Clone, Debug, Identifiable, PartialEq, Queryable, Selectable)]
struct Maker {
    id: i32,
    name: String,
}

#[derive(Cached, Clone, Debug, PartialEq, Queryable, Selectable)]
struct Packer {
    id: i32,
}

#[derive(Associations, Cached, Clone, Debug, PartialEq, Queryable, Selectable)]
#[diesel(belongs_to(Good), belongs_to(Maker))]
struct Review {
    id: i32,
    good_id: i32,
    maker_id: i32,
}

#[derive(Associations, Cached, Clone, Debug, PartialEq, Queryable, Selectable)]
#[diesel(belongs_to(Good), belongs_to(Maker), primary_key(good_id, maker_id))]
struct Link {
    good_id: i32,
    maker_id: i32,
}

#[derive(Cached, Clone, Debug, Identifiable, PartialEq, Queryable, Selectable)]
#[cached(view(
    GoodPage,
    derive(Clone, Debug, PartialEq),
    select_related(maker: Maker, packer: Option<Packer>),
    prefetch_related(reviews: Review, linked: (Maker, Link), of_maker: Review of maker),
))]
struct Good {
    id: i32,
    maker_id: i32,
    packer_id: Option<i32>,
}

#[derive(Cached, Clone, Debug, Identifiable, PartialEq, Queryable, Selectable)]
#[diesel(table_name = goods)]
#[cached(key = "secret", memory_only, view(SecretPage, derive(Debug), select_related(maker: Maker)))]
struct Secret {
    id: i32,
    maker_id: i32,
}

fn page() -> GoodPage {
    let maker = |id| Maker { id, name: format!("ünï {id}") };
    let review = |id| Review { id, good_id: 1, maker_id: 2 };
    GoodPage {
        good: Good { id: 1, maker_id: 2, packer_id: Some(3) },
        maker: maker(2),
        packer: Some(Packer { id: 3 }),
        reviews: vec![review(4), review(5)],
        linked: vec![(maker(6), Link { good_id: 1, maker_id: 6 })],
        of_maker: Arc::new(vec![review(4)]),
    }
}

fn bare() -> GoodPage {
    let good = Good { id: 1, maker_id: 2, packer_id: None };
    GoodPage { good, packer: None, reviews: vec![], linked: vec![], of_maker: Arc::default(), ..page() }
}

fn bytes_of<P: Part>(part: &P) -> Vec<u8> {
    let mut bytes = Vec::new();
    part.store(&mut bytes).unwrap();
    bytes
}

/// The part that all of the bytes stand for.
fn part_of<P: Part>(mut bytes: &[u8]) -> Option<P> {
    P::restore(&mut bytes).ok().filter(|_| bytes.is_empty())
}

#[test]
fn pages_come_back_as_they_were() {
    const { assert!(GoodPage::IS_STORABLE) };
    let pages = vec![page(), bare(), page()];
    assert_eq!(part_of(&bytes_of(&pages)), Some(pages));
    assert_eq!(part_of(&bytes_of(&Vec::<GoodPage>::new())), Some(Vec::<GoodPage>::new()));
}

/// Who changes these raises `Codec::FORMAT`.
#[test]
fn the_parts_of_a_page_are_in_order() {
    let mut parts = Vec::new();
    let GoodPage { good, maker, packer, reviews, linked, of_maker } = page();
    parts.extend(bytes_of(&good));
    parts.extend(bytes_of(&maker));
    parts.push(0xc3);
    parts.extend(bytes_of(&packer.unwrap()));
    parts.push(2);
    reviews.iter().for_each(|review| parts.extend(bytes_of(review)));
    parts.push(1);
    parts.extend(bytes_of(&linked[0].0));
    parts.extend(bytes_of(&linked[0].1));
    parts.push(1);
    parts.extend(bytes_of(&of_maker[0]));
    assert_eq!(bytes_of(&page()), parts);
}

#[test]
fn bytes_that_are_no_page_are_refused() {
    let bytes = bytes_of(&vec![page(), bare()]);
    for end in 0..bytes.len() {
        assert_eq!(part_of::<Vec<GoodPage>>(&bytes[..end]), None, "{end} bytes");
    }
    for place in 0..bytes.len() {
        for bit in 0..8 {
            let mut other = bytes.clone();
            other[place] ^= 1 << bit;
            // Another page or none: it is checked elsewhere that the bytes are those that were written.
            let _: Option<Vec<GoodPage>> = part_of(&other);
        }
    }
    // Four billion rows, and no bytes for them.
    assert_eq!(part_of::<Vec<GoodPage>>(&[0xce, 0xff, 0xff, 0xff, 0xff]), None);
}

#[test]
fn a_page_with_a_row_that_stays_in_the_process_is_not_said_in_bytes() {
    const { assert!(!SecretPage::IS_STORABLE && !Vec::<SecretPage>::IS_STORABLE) };
    let secret = Secret { id: 1, maker_id: 2 };
    let page = SecretPage { secret, maker: Maker { id: 2, name: String::new() } };
    assert!(page.store(&mut Vec::new()).is_err());
    assert!(part_of::<SecretPage>(&[1, 2]).is_none());
    assert_eq!(page.maker_id, 2);
}
