//! The structure of Chinook, in which no model has to declare anything.

use diesel::prelude::*;

use crate::checked::Found;

#[path = "../../chinook/schema.rs"]
mod structure;

/// Generates a model of each table, with its key.
macro_rules! keyed {
    ($($table:ident ($($key:ident),+): $Model:ident;)*) => {$(
        diesel::table! { $table ($($key),+) { $($key -> Integer,)+ } }

        #[derive(cache_diesel::Cached, Clone, Queryable, Selectable)]
        #[diesel(table_name = $table, primary_key($($key),+))]
        #[allow(dead_code, reason = "it is compared with the database only")]
        struct $Model {
            $($key: i32,)+
        }
    )*};
}

keyed! {
    album (album_id): Album;
    artist (artist_id): Artist;
    customer (customer_id): Customer;
    employee (employee_id): Employee;
    genre (genre_id): Genre;
    invoice (invoice_id): Invoice;
    invoice_line (invoice_line_id): InvoiceLine;
    media_type (media_type_id): MediaType;
    playlist (playlist_id): Playlist;
    playlist_track (playlist_id, track_id): PlaylistTrack;
    track (track_id): Track;
}

/// `found`: what is found in one schema. Names are written between `quote`s.
pub fn silent_on_chinook(found: fn(&str) -> Found, quote: &str) {
    // A column refers to one of its own name, if none is named.
    let schema = structure::STRUCTURE.replace("REFERENCES {employee}", "REFERENCES {employee} ({employee_id})");
    let schema = schema.replace(['{', '}'], quote);
    assert_eq!(found(&schema), []);
    let album = "REFERENCES {artist}".replace(['{', '}'], quote);
    let with_a_trap = schema.replacen(&album, &format!("{album} ON DELETE CASCADE"), 1);
    assert_eq!(found(&with_a_trap).len(), 1, "its tables are looked at");
}
