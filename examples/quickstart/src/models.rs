//! Declares the models of the tables, and how they are cached.

use cache_diesel::prelude::*;
use diesel::prelude::*;

use crate::schema::{albums, artists, customers, playlist_tracks, playlists, tracks};

/// Who plays.
#[derive(AsChangeset, Cached, Debug, Identifiable, Insertable, PartialEq, Queryable, Selectable)]
#[diesel(table_name = artists)]
#[cached(key = "artist")]
pub(crate) struct Artist {
    pub(crate) id: i32,
    pub(crate) name: Option<String>,
}

/// What an artist has published.
#[derive(AsChangeset, Associations, Cached, Debug, Identifiable, Insertable, PartialEq, Queryable, Selectable)]
#[diesel(table_name = albums, belongs_to(Artist))]
#[cached(
    key = "album",
    scope(artist_id),
    // A struct with the artist and the tracks, and a manager of its own.
    view(
        AlbumPage,
        derive(Debug, PartialEq),
        select_related(artist: Artist),
        prefetch_related(tracks: Track order_by(tracks::id)),
    ),
)]
pub(crate) struct Album {
    pub(crate) id: i32,
    pub(crate) title: String,
    pub(crate) artist_id: i32,
}

/// What is sold.
#[derive(AsChangeset, Associations, Cached, Debug, Identifiable, Insertable, PartialEq, Queryable, Selectable)]
#[diesel(table_name = tracks, belongs_to(Album))]
#[cached(
    key = "track",
    list_timeout = "1 day",
    detail_timeout = "1 minute",
    negative_timeout = 30, // seconds: as long it is remembered that a track does not exist
    scope(album_id),
)]
pub(crate) struct Track {
    pub(crate) id: i32,
    pub(crate) name: String,
    pub(crate) album_id: Option<i32>,
    pub(crate) media_type_id: i32,
    pub(crate) genre_id: Option<i32>,
    pub(crate) composer: Option<String>,
    pub(crate) milliseconds: i32,
    pub(crate) bytes: Option<i32>,
    pub(crate) unit_price: f64,
}

/// A track that has no number yet.
#[derive(Clone, Copy, Insertable)]
#[diesel(table_name = tracks)]
pub(crate) struct NewTrack<'a> {
    pub(crate) name: &'a str,
    pub(crate) album_id: Option<i32>,
    pub(crate) media_type_id: i32,
    pub(crate) milliseconds: i32,
    pub(crate) unit_price: f64,
}

/// A list of tracks that somebody made.
#[derive(AsChangeset, Cached, Debug, Identifiable, Insertable, PartialEq, Queryable, Selectable)]
#[diesel(table_name = playlists)]
#[cached(key = "playlist")]
pub(crate) struct Playlist {
    pub(crate) id: i32,
    pub(crate) name: Option<String>,
}

/// A track's place on a playlist.
#[derive(Associations, Cached, Debug, Identifiable, Insertable, PartialEq, Queryable, Selectable)]
#[diesel(table_name = playlist_tracks, primary_key(playlist_id, track_id))]
#[diesel(belongs_to(Playlist), belongs_to(Track))]
#[cached(key = "playlist_track", scope(playlist_id))]
pub(crate) struct PlaylistTrack {
    pub(crate) playlist_id: i32,
    pub(crate) track_id: i32,
}

/// Who buys.
#[derive(AsChangeset, Cached, Debug, Identifiable, Insertable, PartialEq, Queryable, Selectable)]
#[diesel(table_name = customers)]
#[cached(key = "customer", detail_timeout = "5 minutes", unique(email))]
pub(crate) struct Customer {
    pub(crate) id: i32,
    pub(crate) first_name: String,
    pub(crate) last_name: String,
    pub(crate) company: Option<String>,
    pub(crate) address: Option<String>,
    pub(crate) city: Option<String>,
    pub(crate) state: Option<String>,
    pub(crate) country: Option<String>,
    pub(crate) postal_code: Option<String>,
    pub(crate) phone: Option<String>,
    pub(crate) fax: Option<String>,
    pub(crate) email: String,
    pub(crate) support_rep_id: Option<i32>,
}
