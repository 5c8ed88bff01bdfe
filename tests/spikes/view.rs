//! A view with a join and a prefetch, written by hand in the form that a derive can write.
//!
//! The bounds are the library's; what a derive adds are concrete types: the join (its kind has no public
//! name) and the condition on the foreign key (the trait behind `eq_any` has none either).

use std::collections::HashMap;
use std::ops::Deref;

use cache_diesel::__private::CacheBackend;
use cache_diesel::CachedModel;
use cache_diesel::read::{Filterable, LoadModel};
use diesel::connection::LoadConnection;
use diesel::dsl::{EqAny, Filter, InnerJoin};
use diesel::prelude::*;
use diesel::query_dsl::LoadQuery;
use diesel::query_dsl::methods::FilterDsl;

use crate::shop::{Album, Artist, Track, albums, artists, database, tracks};

/// An album with its artist and its tracks.
#[derive(Debug)]
struct AlbumPage {
    album: Album,
    artist: Artist,
    tracks: Vec<Track>,
}

impl Deref for AlbumPage {
    type Target = Album;

    fn deref(&self) -> &Album {
        &self.album
    }
}

/// What a derive would write for a view.
trait View: Sized {
    type Row;
    type Source;

    fn source() -> Self::Source;
}

impl View for AlbumPage {
    type Row = (Album, Artist);
    type Source = InnerJoin<albums::table, artists::table>;

    fn source() -> Self::Source {
        albums::table.inner_join(artists::table)
    }
}

/// What a derive would write for a relation of a view.
trait ChildOf<Parent: CachedModel>: CachedModel {
    type ByParents;

    fn by_parents(parents: Vec<Parent::Id>) -> Self::ByParents;
    fn parent(&self) -> Option<Parent::Id>;
}

impl ChildOf<Album> for Track {
    type ByParents = EqAny<tracks::album_id, Vec<i32>>;

    fn by_parents(parents: Vec<i32>) -> Self::ByParents {
        tracks::album_id.eq_any(parents)
    }

    fn parent(&self) -> Option<i32> {
        Some(self.album_id)
    }
}

/// All children of all parents in one statement, whatever the models and the connection.
fn prefetch<'query, Parent, Child, C>(
    conn: &mut C,
    parents: &[Parent::Id],
) -> QueryResult<HashMap<Parent::Id, Vec<Child>>>
where
    Parent: CachedModel,
    Child: ChildOf<Parent>,
    C: LoadConnection<Backend: CacheBackend>,
    Child::Table: FilterDsl<Child::ByParents>,
    Filter<Child::Table, Child::ByParents>: LoadModel<'query, C, Child, Selected: LoadQuery<'query, C, Child>>,
{
    let query = FilterDsl::filter(Child::table(), Child::by_parents(parents.to_vec())).selected();
    let mut children: HashMap<Parent::Id, Vec<Child>> = HashMap::new();
    for child in diesel::RunQueryDsl::load::<Child>(query, conn)? {
        if let Some(parent) = child.parent() {
            children.entry(parent).or_default().push(child);
        }
    }
    Ok(children)
}

/// The rows of a view: the root with what is joined, in one statement.
fn rows<'query, V, Filters, Kind, C>(filters: Filters, conn: &mut C) -> QueryResult<Vec<V::Row>>
where
    V: View,
    Filters: Filterable<V::Source, Kind>,
    C: LoadConnection<Backend: CacheBackend>,
    Filters::Output: LoadModel<'query, C, V::Row, Selected: LoadQuery<'query, C, V::Row>>,
{
    diesel::RunQueryDsl::load(filters.filter_of(V::source()).selected(), conn)
}

#[test]
fn a_view_takes_two_statements_for_any_number_of_rows() {
    let path = database();
    let mut conn = SqliteConnection::establish(&path.display().to_string()).unwrap();
    let rows = rows::<AlbumPage, _, _, _>(artists::name.eq("Ada"), &mut conn).unwrap();
    let keys: Vec<i32> = rows.iter().map(|(album, _)| album.id).collect();
    let mut tracks = prefetch::<Album, Track, _>(&mut conn, &keys).unwrap();
    let pages: Vec<AlbumPage> = rows
        .into_iter()
        .map(|(album, artist)| {
            let tracks = tracks.remove(&album.id).unwrap_or_default();
            AlbumPage { album, artist, tracks }
        })
        .collect();
    assert_eq!(pages.len(), 2);
    assert_eq!((pages[0].title.as_str(), pages[0].artist.name.as_str(), pages[0].tracks.len()), ("Dawn", "Ada", 2));
    assert!(pages[1].tracks.is_empty());
}
