//! Writes of every kind, plain ones and those through managers.

use diesel::prelude::*;
use diesel::result::Error;

use crate::database::schema::{album, employee, playlist_track, track};
use crate::database::{Conn, money, time};
use crate::models::{Album, Artist, Customer, Employee, Invoice, InvoiceLine, Playlist, PlaylistTrack, Track};

pub type Write = fn(&mut Conn) -> QueryResult<()>;

pub const WRITES: &[(&str, Write)] = &[
    ("one row, by plain Diesel", |conn| {
        let first = track::table.order(track::track_id).select(track::track_id).first::<i32>(conn)?;
        diesel::update(track::table.find(first)).set(track::unit_price.eq(money(199))).execute(conn).map(drop)
    }),
    ("many rows, by plain Diesel", |conn| {
        let none = None::<String>;
        diesel::update(track::table.filter(track::genre_id.eq(1))).set(track::composer.eq(none)).execute(conn).map(drop)
    }),
    ("tracks leave their album", |conn| {
        let last = album::table.order(album::album_id.desc()).first::<Album>(conn)?;
        let tracks = diesel::update(track::table.filter(track::album_id.eq(last.album_id)));
        tracks.set(track::album_id.eq(None::<i32>)).execute(conn)?;
        Album::cached().delete(last.album_id).execute(conn).map(drop)
    }),
    ("a row through its manager", |conn| {
        let mut customer = Customer::clone(&*Customer::cached().get(1).first(conn)?);
        customer.email = "new@example.com".to_owned();
        customer.support_rep_id = None;
        Customer::cached().save(&customer).get_result(conn).map(drop)
    }),
    ("new rows through their managers", |conn| {
        let artist = Artist { artist_id: 9_001, name: Some("A \u{266b} 'band'".to_owned()) };
        Artist::cached().insert(&artist).get_result(conn)?;
        let album = Album { album_id: 9_001, title: "First".to_owned(), artist_id: 9_001 };
        Album::cached().insert(&album).execute(conn).map(drop)
    }),
    ("a sale", |conn| conn.transaction(|conn| sell(conn, 9_001))),
    ("a sale that is called off", |conn| {
        let called_off = conn.transaction(|conn| {
            sell(conn, 9_002)?;
            Err::<(), _>(Error::RollbackTransaction)
        });
        assert_eq!(called_off, Err(Error::RollbackTransaction));
        Ok(())
    }),
    ("a row with a composite key through its manager", |conn| {
        let first = playlist_track::table.first::<PlaylistTrack>(conn)?;
        PlaylistTrack::cached().delete((first.playlist_id, first.track_id)).execute(conn).map(drop)
    }),
    ("a playlist and all that is in it", |conn| {
        let id = playlist_track::table.select(playlist_track::playlist_id).first::<i32>(conn)?;
        diesel::delete(playlist_track::table.filter(playlist_track::playlist_id.eq(id))).execute(conn)?;
        Playlist::cached().delete(id).execute(conn).map(drop)
    }),
    ("everybody reports to nobody", |conn| {
        diesel::update(employee::table).set(employee::reports_to.eq(None::<i32>)).execute(conn)?;
        let manager = Employee::cached();
        let mut first = Employee::clone(&*manager.every().order_by(employee::employee_id).first(conn)?);
        first.reports_to = Some(first.employee_id);
        first.hire_date = Some(time(3));
        manager.save(&first).execute(conn).map(drop)
    }),
];

fn sell(conn: &mut Conn, number: i32) -> QueryResult<()> {
    let track = track::table.order(track::track_id.desc()).first::<Track>(conn)?;
    let invoice = Invoice {
        invoice_id: number,
        customer_id: 2,
        invoice_date: time(1),
        billing_address: None,
        billing_city: None,
        billing_state: None,
        billing_country: Some("Norway".to_owned()),
        billing_postal_code: None,
        total: money(2_500),
    };
    Invoice::cached().insert(&invoice).get_result(conn)?;
    let line = InvoiceLine {
        invoice_line_id: number,
        invoice_id: number,
        track_id: track.track_id,
        unit_price: money(99),
        quantity: 1,
    };
    diesel::insert_into(crate::database::schema::invoice_line::table).values(&line).execute(conn).map(drop)
}
