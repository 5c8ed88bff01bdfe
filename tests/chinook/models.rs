//! The eleven models. Those with an amount or a moment stay in memory: Diesel's own types for them say nothing to serde.

use cache_diesel::prelude::*;
use diesel::prelude::*;

use crate::database::schema::{
    album, artist, customer, employee, genre, invoice, invoice_line, media_type, playlist, playlist_track, track,
};
use crate::database::{Moment, Money};

/// Generates a model with the derives that all here have.
macro_rules! models {
    ($(
        $(#[$option:meta])*
        $table:ident $key:tt: $Model:ident { $($field:ident: $type:ty),* $(,)? }
    )*) => {$(
        #[derive(AsChangeset, Cached, Clone, Debug, Identifiable, Insertable, PartialEq, Queryable, Selectable)]
        #[diesel(table_name = $table, primary_key $key, treat_none_as_null = true)]
        #[cached(detail_timeout = "1 day")]
        $(#[$option])*
        pub struct $Model { $(pub $field: $type),* }
    )*};
}

models! {
    #[cached(unique(name))]
    artist (artist_id): Artist {
        artist_id: i32, name: Option<String>,
    }

    #[cached(scope(artist_id))]
    album (album_id): Album {
        album_id: i32, title: String, artist_id: i32,
    }

    media_type (media_type_id): MediaType {
        media_type_id: i32, name: Option<String>,
    }

    genre (genre_id): Genre {
        genre_id: i32, name: Option<String>,
    }

    #[cached(memory_only, scope(album_id), scope(genre_id), scope(media_type_id))]
    track (track_id): Track {
        track_id: i32, name: String, album_id: Option<i32>, media_type_id: i32, genre_id: Option<i32>, composer: Option<String>, milliseconds: i32, bytes: Option<i32>, unit_price: Money,
    }

    playlist (playlist_id): Playlist {
        playlist_id: i32, name: Option<String>,
    }

    #[cached(memory_only, scope(reports_to))]
    employee (employee_id): Employee {
        employee_id: i32, last_name: String, first_name: String, title: Option<String>, reports_to: Option<i32>, birth_date: Option<Moment>, hire_date: Option<Moment>, address: Option<String>, city: Option<String>, state: Option<String>, country: Option<String>, postal_code: Option<String>, phone: Option<String>, fax: Option<String>, email: Option<String>,
    }

    #[cached(unique(email), scope(support_rep_id), scope(country))]
    customer (customer_id): Customer {
        customer_id: i32, first_name: String, last_name: String, company: Option<String>, address: Option<String>, city: Option<String>, state: Option<String>, country: Option<String>, postal_code: Option<String>, phone: Option<String>, fax: Option<String>, email: String, support_rep_id: Option<i32>,
    }

    #[cached(memory_only, scope(customer_id))]
    invoice (invoice_id): Invoice {
        invoice_id: i32, customer_id: i32, invoice_date: Moment, billing_address: Option<String>, billing_city: Option<String>, billing_state: Option<String>, billing_country: Option<String>, billing_postal_code: Option<String>, total: Money,
    }

    #[cached(memory_only, scope(invoice_id), scope(track_id))]
    invoice_line (invoice_line_id): InvoiceLine {
        invoice_line_id: i32, invoice_id: i32, track_id: i32, unit_price: Money, quantity: i32,
    }
}

/// All of its columns are its key: nothing can be saved.
#[derive(Cached, Clone, Debug, Identifiable, Insertable, PartialEq, Queryable, Selectable)]
#[diesel(table_name = playlist_track, primary_key(playlist_id, track_id))]
#[cached(detail_timeout = "1 day", scope(playlist_id), scope(track_id))]
pub struct PlaylistTrack {
    pub playlist_id: i32,
    pub track_id: i32,
}
