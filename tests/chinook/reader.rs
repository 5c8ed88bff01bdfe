//! Reads everything through the managers, and compares each value with plain Diesel's.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::Once;

use cache_diesel::prelude::*;
use diesel::connection::{Instrumentation, InstrumentationEvent};
use diesel::prelude::*;

use crate::database::Conn;
use crate::database::schema::{
    album, artist, customer, employee, genre, invoice, invoice_line, media_type, playlist, playlist_track, track,
};
use crate::models::{
    Album, Artist, Customer, Employee, Genre, Invoice, InvoiceLine, MediaType, Playlist, PlaylistTrack, Track,
};

thread_local! {
    static STATEMENTS: Cell<usize> = const { Cell::new(0) };
}

/// Counts the statements of this thread's connections.
struct Counting;

impl Instrumentation for Counting {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        if let InstrumentationEvent::StartQuery { .. } = event {
            STATEMENTS.set(STATEMENTS.get() + 1);
        }
    }
}

pub fn install() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let cache = Cache::builder().memory(256 * MIB).build().unwrap();
        cache_diesel::install_with(cache, || Some(Box::new(Counting))).unwrap();
    });
}

/// A connection, and what was read on it.
pub struct Reader {
    conn: Conn,
    read_count: usize,
    statement_count: usize,
}

impl Reader {
    pub fn new(conn: Conn) -> Self {
        Self { conn, read_count: 0, statement_count: 0 }
    }

    /// Compares every row, list, scope and look-up; gives the numbers of cached reads and of their statements.
    pub fn compare_everything(&mut self) -> (usize, usize) {
        (self.read_count, self.statement_count) = (0, 0);
        self.compare_music();
        self.compare_sales();
        (self.read_count, self.statement_count)
    }

    fn cached<T>(&mut self, read: impl FnOnce(&mut Conn) -> QueryResult<T>) -> T {
        let before = STATEMENTS.get();
        let value = read(&mut self.conn).unwrap();
        self.read_count += 1;
        self.statement_count += STATEMENTS.get() - before;
        value
    }
}

/// Compares all of a table: rows by their keys, look-ups by unique columns, lists, scopes, counts.
macro_rules! compare {
    ($reader:ident, $Model:ident, $table:ident, |$row:ident| $key:expr
        $(, unique $get_by:ident($unique:ident))* $(, scope $all_by:ident($scope:ident))*) => {{
        let reader = &mut *$reader;
        let manager = $Model::cached();
        let order = || $table::table.primary_key();
        let plain: Vec<$Model> = $table::table.order(order()).select($Model::as_select()).load(&mut reader.conn).unwrap();

        assert_eq!(*reader.cached(|conn| manager.every().order_by(order()).load(conn)), plain);
        assert_eq!(reader.cached(|conn| manager.every().count(conn)), i64::try_from(plain.len()).unwrap());
        assert_eq!(reader.cached(|conn| manager.every().exists(conn)), !plain.is_empty());
        for $row in &plain {
            assert_eq!(*reader.cached(|conn| manager.get($key).first(conn)), *$row);
            $(assert_eq!(*reader.cached(|conn| manager.$get_by(&$row.$unique).first(conn)), *$row);)*
        }
        for rows in plain.chunks(100) {
            let found = reader.cached(|conn| manager.get_many(rows.iter().map(|$row| $key)).load(conn));
            assert!(found.iter().map(Option::as_deref).eq(rows.iter().map(Some)));
        }
        $(for rows in groups(&plain, |row| format!("{:?}", row.$scope)) {
            let scope = || manager.$all_by(rows[0].$scope.clone());
            let found = reader.cached(|conn| scope().order_by(order()).load(conn));
            assert!(found.iter().eq(rows.iter().copied()));
            assert_eq!(reader.cached(|conn| scope().count(conn)), i64::try_from(rows.len()).unwrap());
        })*
    }};
}

impl Reader {
    fn compare_music(&mut self) {
        compare!(self, Artist, artist, |row| row.artist_id, unique get_by_name(name));
        compare!(self, Album, album, |row| row.album_id, scope all_by_artist_id(artist_id));
        compare!(self, Genre, genre, |row| row.genre_id);
        compare!(self, MediaType, media_type, |row| row.media_type_id);
        compare!(
            self, Track, track, |row| row.track_id, scope all_by_album_id(album_id), scope all_by_genre_id(genre_id),
            scope all_by_media_type_id(media_type_id)
        );
        compare!(self, Playlist, playlist, |row| row.playlist_id);
        compare!(
            self, PlaylistTrack, playlist_track, |row| (row.playlist_id, row.track_id),
            scope all_by_playlist_id(playlist_id), scope all_by_track_id(track_id)
        );
        self.compare_albums_of_bands();
    }

    fn compare_sales(&mut self) {
        compare!(self, Employee, employee, |row| row.employee_id, scope all_by_reports_to(reports_to));
        compare!(
            self, Customer, customer, |row| row.customer_id, unique get_by_email(email),
            scope all_by_support_rep_id(support_rep_id), scope all_by_country(country)
        );
        compare!(self, Invoice, invoice, |row| row.invoice_id, scope all_by_customer_id(customer_id));
        compare!(
            self, InvoiceLine, invoice_line, |row| row.invoice_line_id, scope all_by_invoice_id(invoice_id),
            scope all_by_track_id(track_id)
        );
    }

    /// A list that reaches two more tables.
    fn compare_albums_of_bands(&mut self) {
        let names = || artist::table.filter(artist::name.like("A%")).select(artist::artist_id);
        let condition = || {
            let tracks = track::table.filter(track::album_id.eq(album::album_id.nullable()));
            album::artist_id.eq_any(names()).and(diesel::dsl::exists(tracks))
        };
        let albums = || Album::cached().all("bands", condition()).order_by(album::album_id);
        let plain: Vec<Album> = album::table
            .filter(condition())
            .order(album::album_id)
            .select(Album::as_select())
            .load(&mut self.conn)
            .unwrap();
        assert_eq!(*self.cached(|conn| albums().load(conn)), plain);
    }
}

/// The rows of each value, in their order.
fn groups<M>(rows: &[M], value: impl Fn(&M) -> String) -> Vec<Vec<&M>> {
    let mut groups = BTreeMap::<String, Vec<&M>>::new();
    rows.iter().for_each(|row| groups.entry(value(row)).or_default().push(row));
    groups.into_values().collect()
}
