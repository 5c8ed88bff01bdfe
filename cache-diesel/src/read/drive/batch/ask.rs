//! Asks the database for several rows at once.

use std::collections::HashMap;
use std::sync::Arc;

use cache_core::{Bypass, is_collecting};
use diesel::result::QueryResult;

use crate::backend::line::Line;
use crate::model::CachedModel;
use crate::read::drive::batch::{KeyBatch, LoadMany};
use crate::read::page::{KeyOf, keyed};
use crate::read::shape::QueryTables;
use crate::read::task::collected::{end_with, end_with_all};
use crate::read::terminal::entry::CachedRows;
use crate::track::{OwnStatement, OwnText};

impl<P: LoadMany<C>, C: Line> KeyBatch<P, C> {
    /// What is known of the text of the query where nobody has looked at what it names.
    pub(super) fn text(&self) -> OwnText {
        // A computation is told of it as of any plain statement.
        let is_followed = !is_collecting() && matches!(self.named(), Ok(Ok(named)) if named.is_mere_read());
        if is_followed { OwnText::Followed } else { OwnText::Unfollowed }
    }

    /// The tables that the query for a key names, or why it is not cached: they are the same for every key.
    pub(super) fn named(&self) -> QueryResult<Result<QueryTables, Bypass>> {
        P::named(keyed::<P>(self.keys[0].clone()), self.head.options.assume_deterministic)
    }

    /// Asks the database for the keys at `places`; the answer has a place for every key.
    pub(super) async fn ask(&self, places: &[usize], text: OwnText, conn: &mut C::Conn) -> QueryResult<CachedRows<P>> {
        let mut rows: CachedRows<P> = vec![None; self.keys.len()];
        for chunk in places.chunks(Self::MOST_KEYS) {
            self.ask_at_once(chunk, text, &mut rows, conn).await?;
            let unanswered: Vec<usize> = chunk.iter().copied().filter(|place| rows[*place].is_none()).collect();
            // Where the database takes other letters for equal, its row does not tell which key it answers.
            if P::Root::key_comparison().is_exact(None, &self.head.state.table)
                || unanswered.is_empty()
                || self.ask_at_once(&unanswered, text, &mut rows, conn).await? == 0
            {
                continue;
            }
            for place in unanswered {
                let mut own = OwnStatement::<C>::ask(conn, text);
                let row = P::ask(keyed::<P>(self.keys[place].clone()), own.conn()).await;
                rows[place] = own.answered(row)?.inspect(|row| end_with(&**row));
            }
        }
        Ok(rows)
    }

    /// One load for the keys at `places`; gives the number of rows that it found.
    pub(super) async fn ask_at_once(
        &self,
        places: &[usize],
        text: OwnText,
        rows: &mut CachedRows<P>,
        conn: &mut C::Conn,
    ) -> QueryResult<usize> {
        let mut own = OwnStatement::<C>::ask(conn, text);
        let keys = places.iter().map(|place| self.keys[*place].clone()).collect();
        let found = P::ask_many(keys, own.conn()).await;
        let found = own.answered(found)?;
        let place_of: HashMap<&KeyOf<P>, usize> = places.iter().map(|place| (&self.keys[*place], *place)).collect();
        let count = found.len();
        end_with_all(&found);
        for row in found {
            if let Some(place) = place_of.get(&row.root().id()) {
                rows[*place] = Some(Arc::new(row));
            }
        }
        Ok(count)
    }
}
