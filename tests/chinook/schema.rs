//! The structure of Chinook, for rows that are generated.

/// Names stand in braces: they are written otherwise on each database.
pub const STRUCTURE: &str = "
    CREATE TABLE {artist} (
        {artist_id} INTEGER NOT NULL, {name} VARCHAR(220), PRIMARY KEY ({artist_id})
    );
    CREATE TABLE {album} (
        {album_id} INTEGER NOT NULL, {title} VARCHAR(220) NOT NULL, {artist_id} INTEGER NOT NULL REFERENCES {artist},
        PRIMARY KEY ({album_id})
    );
    CREATE TABLE {media_type} (
        {media_type_id} INTEGER NOT NULL, {name} VARCHAR(220), PRIMARY KEY ({media_type_id})
    );
    CREATE TABLE {genre} (
        {genre_id} INTEGER NOT NULL, {name} VARCHAR(220), PRIMARY KEY ({genre_id})
    );
    CREATE TABLE {track} (
        {track_id} INTEGER NOT NULL, {name} VARCHAR(220) NOT NULL, {album_id} INTEGER REFERENCES {album},
        {media_type_id} INTEGER NOT NULL REFERENCES {media_type}, {genre_id} INTEGER REFERENCES {genre},
        {composer} VARCHAR(220), {milliseconds} INTEGER NOT NULL, {bytes} INTEGER,
        {unit_price} NUMERIC(10,2) NOT NULL, PRIMARY KEY ({track_id})
    );
    CREATE TABLE {playlist} (
        {playlist_id} INTEGER NOT NULL, {name} VARCHAR(220), PRIMARY KEY ({playlist_id})
    );
    CREATE TABLE {playlist_track} (
        {playlist_id} INTEGER NOT NULL REFERENCES {playlist}, {track_id} INTEGER NOT NULL REFERENCES {track},
        PRIMARY KEY ({playlist_id}, {track_id})
    );
    CREATE TABLE {employee} (
        {employee_id} INTEGER NOT NULL, {last_name} VARCHAR(220) NOT NULL, {first_name} VARCHAR(220) NOT NULL,
        {title} VARCHAR(220), {reports_to} INTEGER REFERENCES {employee}, {birth_date} TIMESTAMP,
        {hire_date} TIMESTAMP, {address} VARCHAR(220), {city} VARCHAR(220), {state} VARCHAR(220),
        {country} VARCHAR(220), {postal_code} VARCHAR(220), {phone} VARCHAR(220), {fax} VARCHAR(220),
        {email} VARCHAR(220), PRIMARY KEY ({employee_id})
    );
    CREATE TABLE {customer} (
        {customer_id} INTEGER NOT NULL, {first_name} VARCHAR(220) NOT NULL, {last_name} VARCHAR(220) NOT NULL,
        {company} VARCHAR(220), {address} VARCHAR(220), {city} VARCHAR(220), {state} VARCHAR(220),
        {country} VARCHAR(220), {postal_code} VARCHAR(220), {phone} VARCHAR(220), {fax} VARCHAR(220),
        {email} VARCHAR(220) NOT NULL, {support_rep_id} INTEGER REFERENCES {employee}, PRIMARY KEY ({customer_id})
    );
    CREATE TABLE {invoice} (
        {invoice_id} INTEGER NOT NULL, {customer_id} INTEGER NOT NULL REFERENCES {customer},
        {invoice_date} TIMESTAMP NOT NULL, {billing_address} VARCHAR(220), {billing_city} VARCHAR(220),
        {billing_state} VARCHAR(220), {billing_country} VARCHAR(220), {billing_postal_code} VARCHAR(220),
        {total} NUMERIC(10,2) NOT NULL, PRIMARY KEY ({invoice_id})
    );
    CREATE TABLE {invoice_line} (
        {invoice_line_id} INTEGER NOT NULL, {invoice_id} INTEGER NOT NULL REFERENCES {invoice},
        {track_id} INTEGER NOT NULL REFERENCES {track}, {unit_price} NUMERIC(10,2) NOT NULL,
        {quantity} INTEGER NOT NULL, PRIMARY KEY ({invoice_line_id})
    );";
