//! The tables of Chinook on PostgreSQL.

diesel::table! {
    use diesel::sql_types::{Integer, Nullable, Text};
    use crate::database::sql_types::{Money, Moment};

    artist (artist_id) {
        artist_id -> Integer,
        name -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::{Integer, Nullable, Text};
    use crate::database::sql_types::{Money, Moment};

    album (album_id) {
        album_id -> Integer,
        title -> Text,
        artist_id -> Integer,
    }
}

diesel::table! {
    use diesel::sql_types::{Integer, Nullable, Text};
    use crate::database::sql_types::{Money, Moment};

    media_type (media_type_id) {
        media_type_id -> Integer,
        name -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::{Integer, Nullable, Text};
    use crate::database::sql_types::{Money, Moment};

    genre (genre_id) {
        genre_id -> Integer,
        name -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::{Integer, Nullable, Text};
    use crate::database::sql_types::{Money, Moment};

    track (track_id) {
        track_id -> Integer,
        name -> Text,
        album_id -> Nullable<Integer>,
        media_type_id -> Integer,
        genre_id -> Nullable<Integer>,
        composer -> Nullable<Text>,
        milliseconds -> Integer,
        bytes -> Nullable<Integer>,
        unit_price -> Money,
    }
}

diesel::table! {
    use diesel::sql_types::{Integer, Nullable, Text};
    use crate::database::sql_types::{Money, Moment};

    playlist (playlist_id) {
        playlist_id -> Integer,
        name -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::{Integer, Nullable, Text};
    use crate::database::sql_types::{Money, Moment};

    playlist_track (playlist_id, track_id) {
        playlist_id -> Integer,
        track_id -> Integer,
    }
}

diesel::table! {
    use diesel::sql_types::{Integer, Nullable, Text};
    use crate::database::sql_types::{Money, Moment};

    employee (employee_id) {
        employee_id -> Integer,
        last_name -> Text,
        first_name -> Text,
        title -> Nullable<Text>,
        reports_to -> Nullable<Integer>,
        birth_date -> Nullable<Moment>,
        hire_date -> Nullable<Moment>,
        address -> Nullable<Text>,
        city -> Nullable<Text>,
        state -> Nullable<Text>,
        country -> Nullable<Text>,
        postal_code -> Nullable<Text>,
        phone -> Nullable<Text>,
        fax -> Nullable<Text>,
        email -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::{Integer, Nullable, Text};
    use crate::database::sql_types::{Money, Moment};

    customer (customer_id) {
        customer_id -> Integer,
        first_name -> Text,
        last_name -> Text,
        company -> Nullable<Text>,
        address -> Nullable<Text>,
        city -> Nullable<Text>,
        state -> Nullable<Text>,
        country -> Nullable<Text>,
        postal_code -> Nullable<Text>,
        phone -> Nullable<Text>,
        fax -> Nullable<Text>,
        email -> Text,
        support_rep_id -> Nullable<Integer>,
    }
}

diesel::table! {
    use diesel::sql_types::{Integer, Nullable, Text};
    use crate::database::sql_types::{Money, Moment};

    invoice (invoice_id) {
        invoice_id -> Integer,
        customer_id -> Integer,
        invoice_date -> Moment,
        billing_address -> Nullable<Text>,
        billing_city -> Nullable<Text>,
        billing_state -> Nullable<Text>,
        billing_country -> Nullable<Text>,
        billing_postal_code -> Nullable<Text>,
        total -> Money,
    }
}

diesel::table! {
    use diesel::sql_types::{Integer, Nullable, Text};
    use crate::database::sql_types::{Money, Moment};

    invoice_line (invoice_line_id) {
        invoice_line_id -> Integer,
        invoice_id -> Integer,
        track_id -> Integer,
        unit_price -> Money,
        quantity -> Integer,
    }
}

diesel::allow_tables_to_appear_in_same_query!(album, artist, track, playlist_track);
