//! Arranges a list: its order, limit and offset.

use diesel::Expression;
use diesel::dsl::{Limit, Offset, Order, ThenOrderBy};
use diesel::query_dsl::methods::{LimitDsl, OffsetDsl, OrderDsl, ThenOrderDsl};

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

/// The order, the limit and the offset of a list. They wait until its rows are asked for: a count has no place for them.
#[derive(Clone, Copy, Debug)]
pub struct Arrangement<By, Most, From> {
    pub(crate) by: By,
    pub(crate) most: Most,
    pub(crate) from: From,
}

/// A list that has neither order nor limit: it can be counted.
pub type Whole = Arrangement<AsModel, Uncut, Uncut>;

impl Whole {
    pub(crate) const fn new() -> Self {
        Self { by: AsModel, most: Uncut, from: Uncut }
    }
}

/// A list that can be counted: one that is not cut.
#[diagnostic::on_unimplemented(
    message = "a list with an order, a limit or an offset cannot be counted",
    label = "`count` and `exists` are for whole lists",
    note = "count the list before it is ordered or cut, or read it with the number of all its rows: `.load_and_count(&mut conn)?`"
)]
pub trait Countable {}

impl Countable for Whole {}

/// A connection on which a list can be counted of which this is the `Part`.
#[diagnostic::on_unimplemented(
    message = "a list with an order, a limit or an offset cannot be counted",
    label = "`count` and `exists` are for whole lists",
    note = "count the list before it is ordered or cut, or read it with the number of all its rows: `.load_and_count(&mut conn)?`"
)]
pub trait CountsList<Part> {
    /// This type.
    type On;

    /// This.
    fn counting(&mut self) -> &mut Self::On;
}

impl<C> CountsList<Whole> for C {
    type On = C;

    fn counting(&mut self) -> &mut C {
        self
    }
}

/// The model's own order.
#[derive(Clone, Copy, Debug)]
pub struct AsModel;

/// An order of the call's.
#[derive(Clone, Copy, Debug)]
pub struct OrderedBy<By>(pub(crate) By);

/// An order that goes on after another one.
#[derive(Clone, Copy, Debug)]
pub struct Then<First, By>(pub(crate) First, pub(crate) By);

/// No limit, or no offset.
#[derive(Clone, Copy, Debug)]
pub struct Uncut;

/// At most so many rows.
#[derive(Clone, Copy, Debug)]
pub struct Limited(pub(crate) i64);

/// All but the first so many rows.
#[derive(Clone, Copy, Debug)]
pub struct Skipped(pub(crate) i64);

/// What the rows of a list are asked for by: its query, with the order of the model if the call says none.
pub trait Arranged<M, Source> {
    /// The query.
    type Query;

    /// Sets order, limit and offset.
    fn arranged(self, source: Source) -> Self::Query;
}

impl<M, Source, By, Most, From> Arranged<M, Source> for Arrangement<By, Most, From>
where
    By: Orders<M, Source>,
    Most: Cuts<By::Ordered>,
    From: Cuts<Most::Part>,
{
    type Query = From::Part;

    fn arranged(self, source: Source) -> Self::Query {
        self.from.cut(self.most.cut(self.by.ordered(source)))
    }
}

/// An order of the rows of a query.
pub trait Orders<M, Source> {
    /// The query in that order.
    type Ordered;

    /// Sets the order.
    fn ordered(self, source: Source) -> Self::Ordered;
}

impl<M: CachedModel<Order: DefaultOrder<Source>>, Source> Orders<M, Source> for AsModel {
    type Ordered = <M::Order as DefaultOrder<Source>>::Ordered;

    fn ordered(self, source: Source) -> Self::Ordered {
        M::Order::ordered(source)
    }
}

impl<M, Source: OrderDsl<By>, By: Expression> Orders<M, Source> for OrderedBy<By> {
    type Ordered = Order<Source, By>;

    fn ordered(self, source: Source) -> Self::Ordered {
        OrderDsl::order(source, self.0)
    }
}

impl<M, Source, First, By> Orders<M, Source> for Then<First, By>
where
    First: Orders<M, Source, Ordered: ThenOrderDsl<By>>,
{
    type Ordered = ThenOrderBy<First::Ordered, By>;

    fn ordered(self, source: Source) -> Self::Ordered {
        ThenOrderDsl::then_order_by(self.0.ordered(source), self.1)
    }
}

/// Which rows of a query are asked for.
pub trait Cuts<Query> {
    /// The query of these.
    type Part;

    /// Leaves the others out.
    fn cut(self, query: Query) -> Self::Part;
}

impl<Query> Cuts<Query> for Uncut {
    type Part = Query;

    fn cut(self, query: Query) -> Query {
        query
    }
}

impl<Query: LimitDsl> Cuts<Query> for Limited {
    type Part = Limit<Query>;

    fn cut(self, query: Query) -> Self::Part {
        LimitDsl::limit(query, self.0)
    }
}

impl<Query: OffsetDsl> Cuts<Query> for Skipped {
    type Part = Offset<Query>;

    fn cut(self, query: Query) -> Self::Part {
        OffsetDsl::offset(query, self.0)
    }
}

/// Which rows of a list are asked for.
#[derive(Clone, Copy, Debug)]
pub struct Window {
    limit: Option<i64>,
    offset: i64,
}

impl Window {
    /// How many rows the whole list has, if that follows from the number of those in the window: it does where the window
    /// reaches to the end of the list.
    pub(crate) fn total(self, count: usize) -> Option<i64> {
        let count = i64::try_from(count).ok()?;
        let is_last = self.limit.is_none_or(|limit| count < limit);
        // An empty window may lie behind the end. What a negative offset means is up to the database.
        let has_end = self.offset == 0 || (self.offset > 0 && count > 0);
        if is_last && has_end { self.offset.checked_add(count) } else { None }
    }
}

/// An arrangement of which the window is known.
pub trait Windowed {
    /// The window.
    fn window(&self) -> Window;
}

impl<By, Most: WindowBound, From: WindowBound> Windowed for Arrangement<By, Most, From> {
    fn window(&self) -> Window {
        Window { limit: self.most.bound(), offset: self.from.bound().unwrap_or(0) }
    }
}

/// A limit or an offset.
pub trait WindowBound {
    /// Its number.
    fn bound(&self) -> Option<i64>;
}

impl WindowBound for Uncut {
    fn bound(&self) -> Option<i64> {
        None
    }
}

impl WindowBound for Limited {
    fn bound(&self) -> Option<i64> {
        Some(self.0)
    }
}

impl WindowBound for Skipped {
    fn bound(&self) -> Option<i64> {
        Some(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_follows_from_a_window_that_reaches_to_the_end() {
        let cases = [
            ((None, 0), 0, Some(0)),
            ((None, 0), 3, Some(3)),
            ((None, 2), 1, Some(3)),
            ((None, 2), 0, None),
            ((Some(2), 0), 1, Some(1)),
            ((Some(2), 0), 0, Some(0)),
            ((Some(2), 0), 2, None),
            ((Some(2), 4), 1, Some(5)),
            ((Some(2), 4), 2, None),
            ((Some(2), 4), 0, None),
            ((Some(0), 0), 0, None),
            ((Some(-1), 0), 3, None),
            ((Some(9), -1), 3, None),
            ((None, i64::MAX), 1, None),
        ];
        for ((limit, offset), count, total) in cases {
            assert_eq!(Window { limit, offset }.total(count), total, "{limit:?} {offset} {count}");
        }
    }
}
