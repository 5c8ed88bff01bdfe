//! Lists the reads that are shown, each with the plain Diesel query that it has to agree with.

use std::sync::Arc;

use cache_diesel::{CachedList, CachedRow, CachedRows};
use diesel::prelude::*;

use crate::models::{Album, AlbumPage, Artist, Customer, PlaylistTrack, Track};
use crate::question::{Answer, Question, question};
use crate::schema::{albums, artists, customers, playlist_tracks, tracks};

pub(crate) fn every<'a>() -> Question<'a, CachedList<Track>> {
    let tracks = Track::cached();
    question!(entry tracks.every(), |conn| tracks::table.load(conn).map(Arc::new))
}

pub(crate) fn long<'a>() -> Question<'a, CachedList<Track>> {
    let tracks = Track::cached();
    question!(
        entry tracks.all("long", tracks::milliseconds.gt(300_000)),
        |conn| tracks::table.filter(tracks::milliseconds.gt(300_000)).load(conn).map(Arc::new)
    )
}

/// A list whose query names a second table: it depends on that too.
pub(crate) fn on_playlist<'a>(playlist_id: i32) -> Question<'a, CachedList<Track>> {
    let tracks = Track::cached();
    let places = move || playlist_tracks::table.filter(playlist_tracks::playlist_id.eq(playlist_id));
    let on_playlist = move || places().select(playlist_tracks::track_id);
    question!(
        entry tracks.all("playlist", tracks::id.eq_any(on_playlist())).order_by(tracks::id).limit(20),
        |conn| tracks::table.filter(tracks::id.eq_any(on_playlist())).order_by(tracks::id).limit(20).load(conn).map(Arc::new)
    )
}

pub(crate) fn of_album<'a>(album_id: i32) -> Question<'a, CachedList<Track>> {
    let tracks = Track::cached();
    question!(
        entry tracks.all_by_album_id(Some(album_id)),
        |conn| tracks::table.filter(tracks::album_id.eq(album_id)).load(conn).map(Arc::new)
    )
}

pub(crate) fn places_of_playlist<'a>(playlist_id: i32) -> Question<'a, CachedList<PlaylistTrack>> {
    let playlist_tracks = PlaylistTrack::cached();
    question!(
        entry playlist_tracks.all_by_playlist_id(playlist_id),
        |conn| playlist_tracks::table.filter(playlist_tracks::playlist_id.eq(playlist_id)).load(conn).map(Arc::new)
    )
}

/// An album with its artist, which is joined, and its tracks, which have a statement of their own.
pub(crate) fn page<'a>(album_id: i32) -> Question<'a, CachedRow<AlbumPage>> {
    let pages = AlbumPage::cached();
    question!(entry pages.get(album_id), |conn| plain_page(album_id, conn).map(Arc::new))
}

fn plain_page(album_id: i32, conn: &mut SqliteConnection) -> QueryResult<AlbumPage> {
    let joined = albums::table.find(album_id).inner_join(artists::table);
    let (album, artist): (Album, Artist) = joined.select((Album::as_select(), Artist::as_select())).first(conn)?;
    let tracks = Track::belonging_to(&album).order_by(tracks::id).load(conn)?;
    Ok(AlbumPage { album, artist, tracks })
}

pub(crate) fn track<'a>(track_id: i32) -> Question<'a, CachedRow<Track>> {
    let tracks = Track::cached();
    question!(entry tracks.get(track_id), |conn| tracks::table.find(track_id).first(conn).map(Arc::new))
}

/// Inside a transaction the database answers: it alone knows what the transaction has written.
pub(crate) fn in_transaction<'a>(track_id: i32) -> Question<'a, CachedRow<Track>> {
    let tracks = Track::cached();
    Question {
        text: "conn.transaction(|conn| tracks.get(track_id).entry(conn))?",
        cached: Box::new(move |conn| conn.transaction(|conn| tracks.get(track_id).entry(conn)).map(Answer::from)),
        plain: track(track_id).plain,
    }
}

pub(crate) fn customer(email: &str) -> Question<'_, CachedRow<Customer>> {
    let customers = Customer::cached();
    question!(
        entry customers.get_by_email(email),
        |conn| customers::table.filter(customers::email.eq(email)).first(conn).map(Arc::new)
    )
}

pub(crate) fn next_track<'a>(next_id: i32) -> Question<'a, Option<CachedRow<Track>>> {
    let tracks = Track::cached();
    question!(
        optional tracks.get(next_id),
        |conn| tracks::table.find(next_id).first(conn).optional().map(|row| row.map(Arc::new))
    )
}

pub(crate) fn count<'a>() -> Question<'a, i64> {
    let tracks = Track::cached();
    question!(count tracks.every(), |conn| tracks::table.count().get_result(conn))
}

pub(crate) fn many<'a>(ids: [i32; 4]) -> Question<'a, CachedRows<Track>> {
    let tracks = Track::cached();
    let plain = |conn: &mut SqliteConnection, id: i32| tracks::table.find(id).first(conn).optional();
    question!(
        load tracks.get_many(ids),
        |conn| ids.into_iter().map(|id| Ok(plain(conn, id)?.map(Arc::new))).collect()
    )
}
