//! Lists the steps in order: each read twice, then every way of writing before a read.

use diesel::prelude::*;
use diesel::result::Error::RollbackTransaction;
use diesel::sql_query;

use crate::error::Result;
use crate::models::{NewTrack, Track};
use crate::question::{Change, change};
use crate::schema::{artists, playlist_tracks, tracks};
use crate::tour::{Shop, Tour};
use crate::{reads, show};

/// Shows each kind of read, from the database and from the cache.
pub(crate) fn read(tour: &mut Tour, shop: &Shop) -> Result<()> {
    show::heading("Each read twice")?;
    let ids = [shop.track_id, shop.next_id, shop.track_id + 1, shop.track_id];
    tour.ask_twice(&reads::every())?;
    tour.ask_twice(&reads::long())?;
    tour.ask_twice(&reads::on_playlist(shop.place.0))?;
    tour.ask_twice(&reads::of_album(shop.album_id))?;
    tour.ask_twice(&reads::places_of_playlist(shop.place.0))?;
    tour.ask_twice(&reads::track(shop.track_id))?;
    tour.ask_twice(&reads::page(shop.album_id))?;
    tour.ask_twice(&reads::customer(&shop.email))?;
    tour.ask_twice(&reads::next_track(shop.next_id))?;
    tour.ask_twice(&reads::count())?;
    tour.ask_twice(&reads::many(ids))
}

/// Shows that the cache notices whatever is written, and keeps the rest.
pub(crate) fn write(tour: &mut Tour, shop: &Shop) -> Result<()> {
    show::heading("Each change, then a read that was in the cache")?;
    with_plain_diesel(tour, shop)?;
    through_the_manager(tour, shop)?;
    in_transactions(tour, shop)
}

fn with_plain_diesel(tour: &mut Tour, shop: &Shop) -> Result<()> {
    let Shop { album_id, artist_id, place, track_id, .. } = *shop;
    tour.change(
        change!(diesel::update(tracks::table.find(track_id)).set(tracks::name.eq("First"))),
        &reads::track(track_id),
    )?;
    tour.change(
        change!(diesel::update(tracks::table).set(tracks::unit_price.eq(tracks::unit_price + 0.5))),
        &reads::of_album(album_id),
    )?;
    // Of a joined table: whoever holds one of its rows hears of it.
    tour.change(
        change!(diesel::update(artists::table.find(artist_id)).set(artists::name.eq("Someone else"))),
        &reads::page(album_id),
    )?;
    tour.change(change!(sql_query("UPDATE Track SET Milliseconds = Milliseconds + 1")), &reads::every())?;
    tour.change(change!(diesel::delete(playlist_tracks::table.find(place))), &reads::on_playlist(place.0))
}

fn through_the_manager(tour: &mut Tour, shop: &Shop) -> Result<()> {
    let tracks = Track::cached();
    let Shop { album_id, next_id, track_id, .. } = *shop;
    let new = NewTrack { name: "New", album_id: Some(album_id), media_type_id: 1, milliseconds: 1, unit_price: 0.99 };
    tour.change(change!(get_result tracks.insert(new)), &reads::of_album(album_id))?;
    tour.change(change!(tracks.delete(next_id)), &reads::of_album(album_id))?;
    // What was known to be absent is there now.
    tour.change(change!(get_result tracks.insert(new)), &reads::next_track(next_id))?;
    // Another row's entry is none the worse for it.
    tour.change(change!(tracks.delete(next_id)), &reads::track(track_id))
}

fn in_transactions(tour: &mut Tour, shop: &Shop) -> Result<()> {
    let track_id = shop.track_id;
    let rename = |name: &'static str| diesel::update(tracks::table.find(track_id)).set(tracks::name.eq(name));
    tour.ask_once(&reads::in_transaction(track_id))?;
    tour.change(
        change!(|conn| conn.transaction(|conn| {
            rename("Second").execute(conn)?;
            Err(RollbackTransaction)
        })),
        &reads::track(track_id),
    )?;
    tour.change(change!(|conn| conn.transaction(|conn| rename("Third").execute(conn))), &reads::track(track_id))
}
