//! Takes a step: runs it, counts, times, compares it with plain Diesel, and shows it.

use core::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use cache_diesel::Origin;
use diesel::connection::{Instrumentation, InstrumentationEvent};
use diesel::prelude::*;

use crate::error::{Error, Result};
use crate::question::{Change, Question, Summary, count_of};
use crate::schema::{albums, artists, customers, playlist_tracks, playlists, tracks};
use crate::show::{self, Line};

/// Goes through the steps on one connection, and reads what is true on another one.
pub(crate) struct Tour {
    conn: SqliteConnection,
    plain: SqliteConnection,
}

/// What the steps are about.
pub(crate) struct Shop {
    pub(crate) album_id: i32,
    pub(crate) artist_id: i32,
    pub(crate) email: String,
    /// No track has it yet; the next new one will.
    pub(crate) next_id: i32,
    /// A playlist, and the first of its tracks.
    pub(crate) place: (i32, i32),
    pub(crate) track_id: i32,
}

impl Tour {
    pub(crate) fn new(conn: SqliteConnection, plain: SqliteConnection) -> Self {
        Self { conn, plain }
    }

    /// Says what is in the shop, and chooses what the steps are about.
    pub(crate) fn begin(&mut self) -> Result<Shop> {
        let conn = &mut self.plain;
        let counts = [
            (artists::table.count().get_result::<i64>(conn)?, "artists"),
            (albums::table.count().get_result(conn)?, "albums"),
            (tracks::table.count().get_result(conn)?, "tracks"),
            (playlists::table.count().get_result(conn)?, "playlists"),
            (customers::table.count().get_result(conn)?, "customers"),
        ];
        let counts = counts.map(|(count, name)| format!("{count} {name}"));
        show::text(&format!("A music shop in SQLite: {}.", counts.join(", ")))?;
        let shop = Shop::choose(conn)?;
        let Shop { album_id, artist_id, email, next_id, place, track_id } = &shop;
        let playlist_id = place.0;
        show::text(&format!(
            "track_id = {track_id}, album_id = {album_id}, artist_id = {artist_id}, next_id = {next_id},\n\
             playlist_id = {playlist_id}, place = {place:?}\nemail = {email:?}\n{LEGEND}"
        ))?;
        Ok(shop)
    }

    /// Asks twice: the first time the database answers, the second time the cache.
    pub(crate) fn ask_twice<T: PartialEq + Summary>(&mut self, question: &Question<'_, T>) -> Result<()> {
        self.ask(question, question.text, |_| "same")?;
        self.ask(question, "    again", |_| "same")
    }

    /// Asks what is not meant for the cache.
    pub(crate) fn ask_once<T: PartialEq + Summary>(&mut self, question: &Question<'_, T>) -> Result<()> {
        self.ask(question, question.text, |_| "same")
    }

    /// Changes something that a cached answer is about, and asks again.
    pub(crate) fn change<T: PartialEq + Summary>(
        &mut self,
        change: Change<'_>,
        question: &Question<'_, T>,
    ) -> Result<()> {
        let before = (question.cached)(&mut self.conn)?.value;
        let (written, statement_count, micros) = measured(|| (change.write)(&mut self.conn));
        let result = match written {
            Err(diesel::result::Error::RollbackTransaction) => "rolled back".to_owned(),
            written => count_of(written?, "row"),
        };
        show::line(&Line { text: change.text, result, origin: None, statement_count, micros, check: "" })?;
        let text = format!("    {}", question.text);
        self.ask(question, &text, |after| if *after == before { "same" } else { "noticed" })
    }

    fn ask<T: PartialEq + Summary>(
        &mut self,
        question: &Question<'_, T>,
        text: &str,
        check: impl FnOnce(&T) -> &'static str,
    ) -> Result<()> {
        let (answer, statement_count, micros) = measured(|| (question.cached)(&mut self.conn));
        let answer = answer?;
        let seen = if statement_count > 0 { Origin::Miss } else { Origin::Hit };
        let origin = Some(answer.origin.unwrap_or(seen));
        let value = answer.value;
        if value != (question.plain)(&mut self.plain)? {
            let read = question.text;
            return Err(Error::new(format!("`{read}` differs from what the database says: the cache is wrong")));
        }
        let (result, check) = (value.summary(), check(&value));
        Ok(show::line(&Line { text, result, origin, statement_count, micros, check })?)
    }
}

impl Shop {
    fn choose(conn: &mut SqliteConnection) -> Result<Self> {
        let track = tracks::table
            .inner_join(albums::table)
            .order_by(tracks::id)
            .select((tracks::id, albums::id, albums::artist_id))
            .first(conn)
            .optional()?;
        let (track_id, album_id, artist_id) =
            track.ok_or_else(|| Error::new("the database has no track of an album"))?;
        let last: Option<i32> = tracks::table.select(diesel::dsl::max(tracks::id)).first(conn)?;
        let next_id = last.and_then(|last| last.checked_add(1));
        Ok(Self {
            album_id,
            artist_id,
            email: customers::table.order_by(customers::id).select(customers::email).first(conn)?,
            next_id: next_id.ok_or_else(|| Error::new("the database has no number left for a new track"))?,
            place: playlist_tracks::table
                .order_by((playlist_tracks::playlist_id, playlist_tracks::track_id))
                .first(conn)?,
            track_id,
        })
    }
}

/// What `work` gives, the number of its statements, and the microseconds that it took.
fn measured<T>(work: impl FnOnce() -> T) -> (T, usize, u128) {
    let before = STATEMENT_COUNT.load(Ordering::SeqCst);
    let start = Instant::now();
    let result = work();
    let micros = start.elapsed().as_micros();
    (result, STATEMENT_COUNT.load(Ordering::SeqCst) - before, micros)
}

/// What the expressions leave open.
const LEGEND: &str = "\
tracks = Track::cached(), playlist_tracks = PlaylistTrack::cached(), customers = Customer::cached()
pages = AlbumPage::cached(), albums with their artist and tracks
on_playlist() = the playlist's track ids, a subquery; rename(..) = an UPDATE of the track's name
new = a NewTrack of the album, ids = [track_id, next_id, track_id + 1, track_id]
What ends in no method with a connection ends in .entry(&mut conn)? or .execute(&mut conn)?
check: same = equal to what plain Diesel reads; noticed = the same, and new since the last read
A write mostly waits for the disk. Statistics count all since the start, made-up rows included.";

static STATEMENT_COUNT: AtomicUsize = AtomicUsize::new(0);

/// Makes the program's own instrumentation, which counts statements: `install_with` passes every event on to it.
pub(crate) fn count_statements() -> Option<Box<dyn Instrumentation>> {
    Some(Box::new(|event: InstrumentationEvent<'_>| {
        if let InstrumentationEvent::StartQuery { .. } = event {
            STATEMENT_COUNT.fetch_add(1, Ordering::SeqCst);
        }
    }))
}
