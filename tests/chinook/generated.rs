//! Rows for where those of Chinook are not at hand: of every table some, with gaps, absent values and odd texts.

use diesel::prelude::*;

use crate::database::schema::{
    album, artist, customer, employee, genre, invoice, invoice_line, media_type, playlist, playlist_track, track,
};
use crate::database::{Conn, money, time};
use crate::models::{
    Album, Artist, Customer, Employee, Genre, Invoice, InvoiceLine, MediaType, Playlist, PlaylistTrack, Track,
};

pub fn fill(conn: &mut Conn) -> QueryResult<()> {
    fill_music(conn)?;
    fill_sales(conn)
}

macro_rules! insert {
    ($conn:ident, $table:ident, $rows:expr) => {
        for row in $rows {
            diesel::insert_into($table::table).values(&row).execute($conn)?;
        }
    };
}

fn fill_music(conn: &mut Conn) -> QueryResult<()> {
    insert!(conn, artist, (1..40).map(|artist_id| Artist { artist_id, name: Some(text("A'rtist", artist_id)) }));
    insert!(conn, genre, (1..8).map(|genre_id| Genre { genre_id, name: some(genre_id, 4) }));
    insert!(conn, media_type, (1..4).map(|media_type_id| MediaType { media_type_id, name: some(media_type_id, 3) }));
    insert!(
        conn,
        album,
        (1..80).map(|number| Album { album_id: number * 2, title: text("Album", number), artist_id: number % 30 + 1 })
    );
    insert!(conn, track, (1..400).map(track_of));
    insert!(conn, playlist, (1..10).map(|playlist_id| Playlist { playlist_id, name: some(playlist_id, 5) }));
    insert!(
        conn,
        playlist_track,
        (1..500).map(|number| PlaylistTrack { playlist_id: number / 80 + 1, track_id: (number * 5) % 399 + 1 })
    );
    Ok(())
}

fn fill_sales(conn: &mut Conn) -> QueryResult<()> {
    insert!(conn, employee, (1..9).map(employee_of));
    insert!(conn, customer, (1..50).map(customer_of));
    insert!(conn, invoice, (1..150).map(invoice_of));
    insert!(
        conn,
        invoice_line,
        (1..600).map(|number| InvoiceLine {
            invoice_line_id: number,
            invoice_id: number % 149 + 1,
            track_id: number % 97 + 1,
            unit_price: money(if number % 5 == 0 { 199 } else { 99 }),
            quantity: number % 3,
        })
    );
    Ok(())
}

fn track_of(number: i32) -> Track {
    Track {
        track_id: number,
        name: text("Track \\ \"", number),
        album_id: (number % 6 > 0).then_some(number % 79 * 2 + 2),
        media_type_id: number % 3 + 1,
        genre_id: (number % 11 > 0).then_some(number % 7 + 1),
        composer: some(number, 2),
        milliseconds: number * 1_000,
        bytes: (number % 9 > 0).then_some(number),
        unit_price: money(99),
    }
}

fn employee_of(number: i32) -> Employee {
    Employee {
        employee_id: number,
        last_name: text("Last", number),
        first_name: text("First", number),
        title: some(number, 3),
        reports_to: (number > 1).then_some(number / 2),
        birth_date: Some(time(number)),
        hire_date: None,
        address: some(number, 2),
        city: some(number, 3),
        state: None,
        country: some(number, 4),
        postal_code: None,
        phone: Some(text("+1", number)),
        fax: None,
        email: some(number, 5),
    }
}

fn customer_of(number: i32) -> Customer {
    Customer {
        customer_id: number,
        first_name: text("First", number),
        last_name: text("Last", number),
        company: some(number, 2),
        address: some(number, 3),
        city: some(number, 4),
        state: None,
        country: (number % 7 > 0).then(|| text("Country", number % 5)),
        postal_code: None,
        phone: some(number, 6),
        fax: None,
        email: format!("{number}@example.com"),
        support_rep_id: (number % 4 > 0).then_some(number % 4 + 1),
    }
}

fn invoice_of(number: i32) -> Invoice {
    Invoice {
        invoice_id: number,
        customer_id: number % 45 + 1,
        invoice_date: time(number),
        billing_address: some(number, 2),
        billing_city: None,
        billing_state: some(number, 3),
        billing_country: Some(text("Country", number % 5)),
        billing_postal_code: None,
        total: money(number * 99 % 2_500 + 1),
    }
}

fn text(word: &str, number: i32) -> String {
    format!("{word} \u{e9}{number}")
}

/// Nothing for each row whose number can be divided.
fn some(number: i32, by: i32) -> Option<String> {
    (number % by > 0).then(|| text("", number))
}
