//! Declares the shop's tables, as `diesel print-schema` writes them, with names in Rust's style.

diesel::table! {
    #[sql_name = "Album"]
    albums (id) {
        #[sql_name = "AlbumId"]
        id -> Integer,
        #[sql_name = "Title"]
        title -> Text,
        #[sql_name = "ArtistId"]
        artist_id -> Integer,
    }
}

diesel::table! {
    #[sql_name = "Artist"]
    artists (id) {
        #[sql_name = "ArtistId"]
        id -> Integer,
        #[sql_name = "Name"]
        name -> Nullable<Text>,
    }
}

diesel::table! {
    #[sql_name = "Customer"]
    customers (id) {
        #[sql_name = "CustomerId"]
        id -> Integer,
        #[sql_name = "FirstName"]
        first_name -> Text,
        #[sql_name = "LastName"]
        last_name -> Text,
        #[sql_name = "Company"]
        company -> Nullable<Text>,
        #[sql_name = "Address"]
        address -> Nullable<Text>,
        #[sql_name = "City"]
        city -> Nullable<Text>,
        #[sql_name = "State"]
        state -> Nullable<Text>,
        #[sql_name = "Country"]
        country -> Nullable<Text>,
        #[sql_name = "PostalCode"]
        postal_code -> Nullable<Text>,
        #[sql_name = "Phone"]
        phone -> Nullable<Text>,
        #[sql_name = "Fax"]
        fax -> Nullable<Text>,
        #[sql_name = "Email"]
        email -> Text,
        #[sql_name = "SupportRepId"]
        support_rep_id -> Nullable<Integer>,
    }
}

diesel::table! {
    #[sql_name = "Playlist"]
    playlists (id) {
        #[sql_name = "PlaylistId"]
        id -> Integer,
        #[sql_name = "Name"]
        name -> Nullable<Text>,
    }
}

diesel::table! {
    #[sql_name = "PlaylistTrack"]
    playlist_tracks (playlist_id, track_id) {
        #[sql_name = "PlaylistId"]
        playlist_id -> Integer,
        #[sql_name = "TrackId"]
        track_id -> Integer,
    }
}

diesel::table! {
    #[sql_name = "Track"]
    tracks (id) {
        #[sql_name = "TrackId"]
        id -> Integer,
        #[sql_name = "Name"]
        name -> Text,
        #[sql_name = "AlbumId"]
        album_id -> Nullable<Integer>,
        #[sql_name = "MediaTypeId"]
        media_type_id -> Integer,
        #[sql_name = "GenreId"]
        genre_id -> Nullable<Integer>,
        #[sql_name = "Composer"]
        composer -> Nullable<Text>,
        #[sql_name = "Milliseconds"]
        milliseconds -> Integer,
        #[sql_name = "Bytes"]
        bytes -> Nullable<Integer>,
        #[sql_name = "UnitPrice"]
        unit_price -> Double,
    }
}

diesel::joinable!(albums -> artists (artist_id));
diesel::joinable!(playlist_tracks -> playlists (playlist_id));
diesel::joinable!(playlist_tracks -> tracks (track_id));
diesel::joinable!(tracks -> albums (album_id));

diesel::allow_tables_to_appear_in_same_query!(albums, artists, customers, playlist_tracks, playlists, tracks);
