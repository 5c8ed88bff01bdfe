//! In which order does a list come that was asked for without one?

use crate::model::CachedModel;

/// The order of a model's lists, where the call says none. Implemented by generated types.
pub trait DefaultOrder<Source> {
    /// The query in that order.
    type Ordered;

    /// Sets the order.
    fn ordered(source: Source) -> Self::Ordered;
}

/// The order of the database: any.
#[derive(Debug)]
pub struct Unordered;

impl<Source> DefaultOrder<Source> for Unordered {
    type Ordered = Source;

    fn ordered(source: Source) -> Source {
        source
    }
}

/// Marks lists that have neither order nor limit: they can be counted.
#[derive(Debug)]
pub struct Whole;

/// Marks lists with a limit or an offset, in the model's own order.
#[derive(Debug)]
pub struct Cut;

/// Marks lists with an order of the call's, perhaps with a limit or an offset.
#[derive(Debug)]
pub struct Sliced;

/// What the rows of a list are asked for by: its query, with the order of the model if the call says none. The order
/// waits until then, because it has no place in a count.
pub trait Arranged<M, Source> {
    /// The query.
    type Query;
    /// The same list, once it is cut.
    type Cut;

    /// Sets the order.
    fn arranged(source: Source) -> Self::Query;
}

macro_rules! in_the_models_order {
    ($($part:ident),*) => { $(
        impl<M: CachedModel<Order: DefaultOrder<Source>>, Source> Arranged<M, Source> for $part {
            type Query = <M::Order as DefaultOrder<Source>>::Ordered;
            type Cut = Cut;

            fn arranged(source: Source) -> Self::Query {
                M::Order::ordered(source)
            }
        }
    )* };
}

in_the_models_order!(Cut, Whole);

impl<M, Source> Arranged<M, Source> for Sliced {
    type Query = Source;
    type Cut = Self;

    fn arranged(source: Source) -> Source {
        source
    }
}
